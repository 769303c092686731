# SPDX-License-Identifier: MIT
"""What a connection's scripts wait for: frames of the client's, the
acknowledgement of a PING, and how the client takes what it was sent.

The frames that have been received are kept in C (src/conn/framelog.h), each
with a number; here is which of them are new to whom.
"""

import math
import os
import threading
import time
from typing import Any, Dict, List, Optional, TypeVar

import _h2rig

from h2rig.errors import ConnectionEnded, StreamClosedError
from h2rig.server.frametypes import FLAGS, TYPES
from h2rig.server.received import received_frame

__all__ = ["End", "Reaction", "Waiting", "milliseconds"]

#: What the octets of our own PING frames begin with.
PING_MARK = b"h2r"

#: Seconds between the first acknowledgement and the second PING of `reaction`.
REACTION_PAUSE = 0.2

#: What C's milliseconds have room for.
MOST_SECONDS = (1 << 31) // 1000

_PING, _GOAWAY = TYPES["PING"], TYPES["GOAWAY"]
_RST_STREAM = TYPES["RST_STREAM"]

#: Kinds of a `Reaction`, the most telling first: of frames ...
_FRAMES = ((_GOAWAY, "goaway"), (_RST_STREAM, "rst_stream"))

#: ... and of what `_h2rig.ended` lists.
_ENDS = (("alert", "tls_alert"), ("RST", "reset"), ("FIN", "closed"),
         ("close_notify", "closed"))


#: Above all numbers of frames.
_NEVER = 1 << 64


def milliseconds(seconds: float, what: str) -> int:
    """Whole milliseconds, at most those of 24 days.  what: the parameter's
    name, for TypeError and ValueError.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError("%s must be a number of seconds, not %r"
                        % (what, seconds))
    if not seconds >= 0:
        raise ValueError("%s must be 0 or more seconds, not %r"
                         % (what, seconds))
    return math.ceil(min(seconds, MOST_SECONDS) * 1000)


class _Deadline:
    # A time that runs from when this is made.

    def __init__(self, timeout: float) -> None:
        milliseconds(timeout, "timeout")
        self.start = time.monotonic()
        self._end = self.start + timeout

    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())


class Reaction:
    """How the client took what it was sent.

    kind: the first of these that has come: "goaway", "rst_stream",
    "tls_alert", "reset" (TCP), "closed" (FIN without GOAWAY), "alive" (both
    PINGs acknowledged), "silent".  code, name: of the error or the alert; None
    for other kinds.  frame: the GOAWAY or RST_STREAM frame, or None.  seconds:
    from the call until that was seen.  then: after "goaway", how the
    connection ended: "tls_alert", "reset", "closed", or None if it did not.
    """

    def __init__(self, kind: str, code: Optional[int] = None,
                 name: Optional[str] = None, frame: Any = None) -> None:
        self.kind = kind
        self.code = code
        self.name = name
        self.frame = frame
        self.seconds = 0.0
        self.then: Optional[str] = None

    def __repr__(self) -> str:
        return "<%s %s%s after %.3f s%s>" % (
            type(self).__name__, self.kind,
            "" if self.name is None else " " + self.name, self.seconds,
            "" if self.then is None else ", then " + self.then)


class End(Reaction):
    """`connection.end`: the same for the whole connection, once it is over.

    by: "client", "server" or "limit": whose doing it was.  order: what came of
    "close_notify", "FIN", "RST" and "alert", in that order.  seconds: from the
    beginning of the connection to the last of these.
    """

    by: Optional[str] = None
    order: List[str] = []


_R = TypeVar("_R", bound=Reaction)


class Waiting:
    """What a connection's scripts have been given of its frames."""

    def __init__(self) -> None:
        self._watched = False
        #: number of the newest frame that has been seen here
        self._newest = -1
        #: ... of the first that is new to `reaction`
        self._reacted = 0
        #: ... to `wait`, by what the thread serves
        self.positions: Dict[int, int] = {}

    def let_read(self) -> None:
        """Before a wait: the connection no longer waits for the function that
        this thread runs.  ProtocolError if nothing can be read yet.
        """
        if _h2rig.serving() == _h2rig.CONNECTION:
            _write("release")

    def watch(self) -> None:
        """From now on frames are kept."""
        if not self._watched:
            _write("watch")
            self._watched = True

    def given(self, received: Any) -> Any:
        """The frame, for a function of the connection script."""
        number: int = received[0]
        self.positions[_h2rig.CONNECTION] = number + 1
        self._newest = max(self._newest, number)
        return received_frame(received)

    def wait(self, kind: int, stream: int, timeout: float) -> Any:
        """See `Connection.wait`; -1: any."""
        deadline = _Deadline(timeout)
        self.let_read()
        self.watch()
        thread = _h2rig.serving() or -threading.get_ident()
        received = self._next(self.positions.get(thread, 0), kind, stream,
                              deadline)
        if received is None:
            return None
        self.positions[thread] = received[0] + 1
        return received_frame(received)

    def fence(self, timeout: float) -> float:
        """See `Connection.fence`."""
        deadline = _Deadline(timeout)
        self.let_read()
        if not self._ping(deadline):
            raise TimeoutError("the client has not acknowledged a PING within "
                               "%g s" % timeout)
        seconds = time.monotonic() - deadline.start
        _write("note_fence", min(round(seconds * 1e6), (1 << 32) - 1))
        return seconds

    def reaction(self, stream: Optional[int], timeout: float) -> Reaction:
        """See `Connection.reaction`."""
        deadline = _Deadline(timeout)
        since = self._reacted
        alive = False
        try:
            self.let_read()
            self.watch()
            alive = self._is_alive(since, deadline)
        except ConnectionEnded:
            _until_over(deadline)
        found = self.judge(since, stream, _h2rig.ended()[2],
                           Reaction("alive" if alive else "silent"))
        found.seconds = time.monotonic() - deadline.start
        if found.kind == "goaway":
            found.then = self._then(_Deadline(timeout))
        self._reacted = self._newest + 1
        return found

    def judge(self, since: int, stream: Optional[int], events: Any,
              found: _R) -> _R:
        """Changes found to the most telling of what has come: among frames
        from number since on, and what `_h2rig.ended` lists.
        """
        come = {}
        for received in reversed(_h2rig.frames()):
            number, kind, _, stream_id = received[:4]
            self._newest = max(self._newest, number)
            if number >= since and (kind != _RST_STREAM
                                    or stream in (None, stream_id)):
                come[kind] = received
        for kind, name in _FRAMES:
            if kind in come:
                frame = found.frame = received_frame(come[kind])
                found.kind = name
                found.code = getattr(frame, "error_code", None)
                found.name = getattr(frame, "error_name", None)
                return found
        for what, name in _ENDS:
            for event in events:
                if event[0] == what:
                    found.kind = name
                    found.code, found.name = event[2:]
                    return found
        return found

    def _next(self, since: int, kind: int, stream: int,
              deadline: _Deadline) -> Any:
        received = _h2rig.next_frame(
            since, kind, stream, milliseconds(deadline.left(), "timeout"))
        if received is not None:
            self._newest = max(self._newest, received[0])
        return received

    def _ping(self, deadline: _Deadline, since: Optional[int] = None) -> bool:
        # Whether a PING of our own has been acknowledged in time.  since: a
        # GOAWAY from this number on ends the wait.
        data = PING_MARK + os.urandom(8 - len(PING_MARK))
        self.watch()
        at = self._newest + 1 if since is None else since
        _write("ping", data=data)
        while True:
            received = self._next(at, _PING if since is None else -1, -1,
                                  deadline)
            if received is None:
                return False
            number, kind, flags, _, payload = received[:5]
            if kind == _PING and flags & FLAGS["ACK"] and payload == data:
                return True
            if kind == _GOAWAY:
                return False
            at = number + 1

    def _is_alive(self, since: int, deadline: _Deadline) -> bool:
        # With GOAWAY, the most telling, the answer is known at once.
        if not self._ping(deadline, since):
            return False
        at = self._newest + 1
        pause = _Deadline(min(REACTION_PAUSE, deadline.left()))
        if self._next(at, _GOAWAY, -1, pause) is not None:
            return False
        return self._ping(deadline, at)

    def _then(self, deadline: _Deadline) -> Optional[str]:
        # How the connection ends after GOAWAY, if it does.
        try:
            while self._next(self._newest + 1, -1, -1, deadline) is not None:
                pass
        except ConnectionEnded:
            _until_over(deadline)
        end = self.judge(_NEVER, None, _h2rig.ended()[2], Reaction("silent"))
        return None if end.kind == "silent" else end.kind


def _write(op: str, value: int = 0, data: bytes = b"") -> None:
    # On the connection's own exchange.
    try:
        _h2rig.own().write(op, 0, (), data, 0, value)
    except ConnectionEnded:
        raise
    except StreamClosedError as e:
        raise ConnectionEnded(*e.args) from None


def _until_over(deadline: _Deadline) -> None:
    # The client's end of the connection is read to its own end.
    while not _h2rig.ended()[0] and deadline.left():
        time.sleep(0.005)
