# SPDX-License-Identifier: MIT
"""What the functions of a case can see of the client, and wait for.

Calls that receive raise ConnectionEnded once the client has left.  Times are
in seconds.  A stream that a call does not name is s.
"""

import time
from typing import Any, Dict, List, Optional, Set

from h2bad.outcome import harmless
from h2bad.sending import Sender

__all__ = ["AT_WORK", "Deadline", "Receiver", "Request"]

#: A client that goes on gets up to this many times as long.
AT_WORK = 5

#: The first 7 octets of a fence's PING data; the last one is its number.
FENCE = b"h2bad-f"


class Request:
    """A request of the client.

    stream: its number.  fields: (name, value) pairs of str (ISO 8859-1).
    ended: whether its HEADERS had END_STREAM.  method, path, query: str.
    get(name): the value of a field, or None.
    """

    def __init__(self, frame: Any) -> None:
        self.stream: int = frame.stream_id
        self.ended: bool = frame.stream_ended
        self.fields = [(bytes(n).decode("latin-1"), bytes(v).decode("latin-1"))
                       for n, v in frame.headers]
        self.method = self.get(":method") or ""
        self.path, _, self.query = (self.get(":path") or "").partition("?")

    def get(self, name: str) -> Optional[str]:
        for each, value in self.fields:
            if each == name:
                return value
        return None


class Deadline:
    """When a client has to be done.  It gets these seconds again whenever it
    has come further, so that slow networks do not fail it, but not more than
    AT_WORK times as many in all.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began = time.monotonic()
        self._end = self._began + seconds
        self._come: Any = None

    def left(self, come: Any) -> float:
        """Returns how many seconds are left.  come: how far the client has
        come, which differs from the call before if it has come further.
        """
        now = time.monotonic()
        if self._come not in (None, come):
            self._end = min(now, self._began + (AT_WORK - 1) * self._seconds
                            ) + self._seconds
        self._come = come
        return self._end - now

    @property
    def renewed(self) -> bool:
        """Whether a client that does nothing would have missed it."""
        return time.monotonic() > self._began + self._seconds


class Receiver(Sender):
    """The receiving half of an `Exchange`.

    connection: h2rig's `Connection`.  requests: all so far.  goaway: the name
    of the error code of the client's GOAWAY, the first one that is no NO_ERROR
    if there are several, or None.  resets: those of its
    RST_STREAM frames, by stream.  fences: how many fences it has acknowledged.
    resets and fences begin anew with the misbehaviour (`Exchange.here`).
    """

    def __init__(self, connection: Any, case: Any = None) -> None:
        super().__init__(connection)
        self.case = case
        self.goaway: Optional[str] = None
        self.resets: Dict[int, str] = {}
        self._was_reset: Set[int] = set()   # without `harmless` ones
        self._closed: Set[int] = set()      # reset by the client, by any code
        self._fences_back = 0
        self._fences_before = 0     # fences sent before the misbehaviour
        self.requests: List[Request] = []
        #: SETTINGS frames that the client has acknowledged
        self.settings_acks = 0
        self._arrived: List[Request] = []   # not yet given by `next_request`
        self._kept: List[Any] = []          # frames not yet given by `wait`
        self._payload: Dict[int, int] = {}  # octets of DATA, by stream
        self._credit: Dict[int, int] = {}   # by WINDOW_UPDATE, by stream
        self._ended: Set[int] = set()
        self._sent_fences = 0
        self._fence_acks: List[int] = []    # settings_acks that passes each

    def note(self, name: str, /, **values: Any) -> None:
        """Writes a note into the trace."""
        self.connection.note(name, **values)

    @property
    def fences(self) -> int:
        return max(0, self._fences_back - self._fences_before)

    def window(self, stream: int = 0) -> int:
        """Returns how many octets of DATA the client allows now on a stream, s
        if none is given.  The number may be negative (RFC 9113 §6.9.2).
        """
        stream = stream or self.s
        return min(
            self.client_settings["INITIAL_WINDOW_SIZE"]
            + self._credit.get(stream, 0) - self._used.get(stream, 0),
            65535 + self._credit.get(0, 0) - sum(self._used.values()))

    def received(self, stream: int = 0) -> int:
        """Returns the octets of DATA in the frames read so far, padding and
        its length included, since all of these use the window (RFC 9113
        §6.9.1).
        """
        return self._payload.get(stream or self.s, 0)

    def answered(self, stream: int = 0) -> bool:
        """Returns whether a response on the stream has begun."""
        return (stream or self.s) in self._begun

    def ended(self, stream: int = 0) -> bool:
        """Returns whether END_STREAM was in the frames read so far."""
        return (stream or self.s) in self._ended

    @property
    def failed(self) -> bool:
        """Whether the client has sent GOAWAY with an error.  One with NO_ERROR
        ends no stream, and the client may open others (RFC 9113 §6.8).
        """
        return self.goaway not in (None, "NO_ERROR")

    def abandoned(self, stream: int = 0) -> bool:
        """Returns whether the client has reset the stream, whenever and by
        whatever code, or has sent GOAWAY with an error: then neither content
        nor credit comes any more.
        """
        return (stream or self.s) in self._closed or self.failed

    def next_frame(self, timeout: float = 5.0) -> Any:
        """Returns the client's next frame, or None after the timeout."""
        frame = self.connection.wait(timeout=max(0.0, timeout))
        if frame is not None:
            self._take(frame)
            self._kept.append(frame)
        return frame

    def wait(self, type: Optional[str] = None, stream: Optional[int] = None,
             timeout: float = 5.0) -> Any:
        """Returns the client's next frame of this type on this stream (None:
        any), or None after the timeout, or once the client has given the
        stream up (`abandoned`).  The frame may have come before the call, but
        no other call of `wait` has returned it.
        """
        deadline = time.monotonic() + timeout
        at = 0
        while True:
            for i in range(at, len(self._kept)):
                frame = self._kept[i]
                if type in (None, frame.type) and \
                        stream in (None, frame.stream_id):
                    del self._kept[i]
                    return frame
            at = len(self._kept)
            if stream and self.abandoned(stream):
                return None
            if self.next_frame(deadline - time.monotonic()) is None and \
                    time.monotonic() >= deadline:
                return None

    def next_request(self, timeout: float = 5.0) -> Optional[Request]:
        """Returns the client's next request, or None after the timeout.  The
        driver has taken the first one before `misbehave`.
        """
        deadline = time.monotonic() + timeout
        while not self._arrived:
            if self.next_frame(deadline - time.monotonic()) is None and \
                    time.monotonic() >= deadline:
                return None
        return self._arrived.pop(0)

    def follows(self, path: str, timeout: float = 2.0) -> Optional[Request]:
        """Returns the client's next request if it is for this path.  Returns
        None if none comes in time, or if it is for another path: then the next
        call of `next_request` returns it.
        """
        request = self.next_request(timeout)
        if request is None or request.path == path:
            return request
        self._arrived.insert(0, request)
        return None

    def body(self, stream: int = 0, n: int = -1, timeout: float = 5.0) -> int:
        """Waits until the request's content has ended, until n octets of DATA
        have come, or until the client has given it up (`abandoned`); returns
        how many have come since its beginning, as `received` counts.
        """
        stream = stream or self.s
        deadline = time.monotonic() + timeout
        while not (self.ended(stream) or 0 <= n <= self.received(stream)
                   or self.abandoned(stream)):
            if self.next_frame(deadline - time.monotonic()) is None and \
                    time.monotonic() >= deadline:
                break
        return self.received(stream)

    def has_credit(self, n: int, stream: int = 0, timeout: float = 3.0
                   ) -> bool:
        """Waits for credit; returns whether n octets of DATA are allowed, and
        false once the client has given the stream up (`abandoned`).  timeout:
        of a `Deadline`.
        """
        deadline = Deadline(timeout)
        while self.window(stream) < n and not self.abandoned(stream):
            left = deadline.left(self.window(stream))
            if self.next_frame(left) is None and left <= 0:
                return False
        return not self.abandoned(stream)

    def sleep(self, seconds: float) -> None:
        """Reads the client's frames for this time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.next_frame(deadline - time.monotonic())

    def acked(self, n: int = 1, timeout: float = 2.0) -> bool:
        """Waits until the connection's first n SETTINGS frames (all, if fewer
        were sent) are acknowledged.  Returns False after the timeout, that of
        a `Deadline`, or if the client sends GOAWAY with an error.
        """
        n = min(n, self._settings_sent)
        deadline = Deadline(timeout)
        while self.settings_acks < n:
            if self.failed:
                return False
            left = deadline.left(self.settings_acks)
            if self.next_frame(left) is None and left <= 0:
                return False
        return True

    def send_fence(self) -> int:
        """Sends a fence and returns its number; `fences` counts those that the
        client has acknowledged.
        """
        self._sent_fences += 1
        if self.case.fence == "SETTINGS":
            self.send_settings()
            self._fence_acks.append(self._settings_sent)
        else:
            self.ping(FENCE + bytes([self._sent_fences]))
        self.note("fence", sent=self._sent_fences)
        return self._sent_fences

    def passed(self, timeout: float = 2.0) -> bool:
        """Sends a fence; returns whether it is acknowledged in time."""
        n = self.send_fence()
        deadline = time.monotonic() + timeout
        while self._fences_back < n:
            if self.next_frame(deadline - time.monotonic()) is None and \
                    time.monotonic() >= deadline:
                return False
        return True

    def _take(self, frame: Any) -> None:
        kind, stream = frame.type, frame.stream_id
        if kind == "GOAWAY" and not self.failed:
            self.goaway = getattr(frame, "error_name", "malformed")
        elif kind == "RST_STREAM":
            code = getattr(frame, "error_name", "malformed")
            self._closed.add(stream)
            if not self.case or not harmless(
                    code, self._begun.get(stream, False), self.case):
                self.resets.setdefault(stream, code)
                self._was_reset.add(stream)
        elif kind == "PING" and "ACK" in frame.flags:
            if frame.data[:-1] == FENCE:
                self._passed(frame.data[-1])
        elif kind == "SETTINGS" and "ACK" in frame.flags:
            self.settings_acks += 1
            self._passed(sum(self.settings_acks >= n
                             for n in self._fence_acks))
        elif kind == "HEADERS" and hasattr(frame, "headers"):
            if stream not in self._payload:
                self._payload[stream] = 0
                request = Request(frame)
                self.requests.append(request)
                self._arrived.append(request)
                if request.path == "/ok" and stream <= self.last_stream:
                    self.note("follow-up", query=request.query)
        elif kind == "WINDOW_UPDATE":
            self._credit[stream] = self._credit.get(stream, 0) \
                + frame.increment
        elif kind == "DATA":
            self._payload[stream] = self._payload.get(stream, 0) \
                + frame.length
        if getattr(frame, "stream_ended", False):
            self._ended.add(stream)

    def _passed(self, n: int) -> None:
        if n > self._fences_back:
            self._fences_back = n
            self.note("fence", passed=n)
