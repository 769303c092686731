# SPDX-License-Identifier: MIT
"""The conversation of a case with a client, for the functions of the case.

All calls that send or receive raise ConnectionEnded once the client has left;
a case need not catch it.  Times are in seconds.  s is the stream of the
connection's first request.  `skip` is a verdict, `hang` and others are reasons
(h2bad.outcome).
"""

import contextlib
import functools
import re
import time
import uuid
from typing import (Any, Callable, Dict, FrozenSet, Iterable, Iterator, List,
                    Optional)

from h2rig import ConnectionEnded, StreamClosedError

from h2bad.receiving import AT_WORK, Deadline, Receiver, Request
from h2bad.wire import STREAM

__all__ = ["Exchange", "Request", "Skip"]

#: Seconds from the first fence's acknowledgement to the second fence: a
#: RST_STREAM may follow the acknowledgement.
GRACE = 0.2

#: INITIAL_WINDOW_SIZE without SETTINGS (RFC 9113 §6.5.2).
DEFAULT = 65535

#: Round trips by which a client's window is filled, at most.
ROUNDS = 1000

#: Frames for which any client's window should have room, where frames of one
#: size are needed.
FEW = 8

#: The credit that ends a case on a slow network.
ENOUGH = 1 << 20


class Skip(Exception):
    """The client does not do what the case needs; the text says what."""


class Exchange(Receiver):
    """A connection of a case.

    connection: h2rig's `Connection` (HANDLER-API §11), which tls, settings and
    automatic belong to.  number: 1 for the first connection of this case in
    this run, 2 for the next one, and so on.  s: the first request's stream;
    request: that `Request`.
    """

    def __init__(self, connection: Any, case: Any = None) -> None:
        super().__init__(connection, case)
        self.number = 0
        #: streams that the client had reset before the misbehaviour
        self._closed_before: FrozenSet[int] = frozenset()
        self._last: List[Callable[[], None]] = []
        #: whether the case has called `patience`, and taken the follow-up
        self.waited = self.followed = False
        self.query: Dict[str, str] = {}
        self.run: Optional[str] = None

    # What is known.

    @property
    def tls(self) -> Any:
        return self.connection.tls

    @property
    def automatic(self) -> Any:
        return self.connection.automatic

    @automatic.setter
    def automatic(self, names: Iterable[str]) -> None:
        self.connection.automatic = names

    @property
    def settings(self) -> Any:
        return self.connection.settings

    @settings.setter
    def settings(self, pairs: Any) -> None:
        self.connection.settings = pairs
        self._settings_sent = int(pairs is not None)

    @property
    def stash(self) -> Any:
        return self.connection.server.stash

    def param(self, name: str) -> str:
        """Returns a parameter of the URL's query, or else its default.
        ValueError if it has characters that are no octets: then the driver
        skips the case, and tells the client why.
        """
        value = self.query.get(name, self.case.params.get(name, ""))
        if any(ord(each) > 255 for each in value):
            raise ValueError("%s has to be in ISO 8859-1" % name)
        return value

    def param_number(self, name: str, least: int, most: int) -> int:
        """Returns a parameter that is a number; ValueError if it is none from
        least to most.
        """
        text = self.param(name)
        if not re.fullmatch("[0-9]{1,9}", text) or \
                not least <= int(text) <= most:
            raise ValueError("%s has to be a number from %d to %d"
                             % (name, least, most))
        return int(text)

    def param_octet(self, name: str) -> bytes:
        """Returns a parameter that is an octet; ValueError if it is none."""
        text = self.param(name)
        if not re.fullmatch("[0-9a-fA-F]{2}", text):
            raise ValueError("%s has to be an octet, two hexadecimal digits"
                             % name)
        return bytes.fromhex(text)

    def count(self, what: str) -> int:
        """Returns how often this was called with the same argument, on all
        connections of the case in this run, this call included.
        """
        with self.stash.lock:
            n: int = (self.stash.take(self._key(what)) or 0) + 1
            self.stash.put(self._key(what), n)
        return n

    def age(self) -> float:
        """Returns the seconds since the first call of `age` on any of the
        case's connections in this run.
        """
        now = time.monotonic()
        with self.stash.lock:
            began: float = self.stash.take(self._key("age")) or now
            self.stash.put(self._key("age"), began)
        return now - began

    def _key(self, what: str) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_URL, "h2bad:%s:%s:%s" % (
            self.run, self.case.name, what))

    def need_push(self) -> None:
        """Skips the case if the client has disabled push."""
        if not self.client_settings["ENABLE_PUSH"]:
            self.skip("push is disabled")

    # What the judge reads in the trace.

    def here(self, text: str = "") -> None:
        """Marks the beginning of the misbehaviour: only what the client does
        from now on counts.  The driver calls it before `misbehave`.
        """
        self.note("here", text=text, stream=self.s)
        self._fences_before = self._sent_fences
        self._closed_before = frozenset(self._closed)
        self.resets = {}

    def good(self, stream: int) -> None:
        """Marks a stream that the client must not reset.  If it does, the case
        fails: with `not-isolated` if it expects a stream error elsewhere.
        """
        self.note("good", stream=stream)

    def skip(self, reason: str) -> None:
        """Ends the case with `skip`: it cannot be tried with this client."""
        self.note("skip", reason=reason)
        raise Skip(reason)

    def found(self, verdict: str, reason: str, message: str = "") -> None:
        """Gives the verdict in place of `expect`; the first call counts."""
        self.note("found", verdict=verdict, reason=reason, message=message)

    def fail(self, reason: str, message: str) -> None:
        """Gives the verdict "fail", whatever else happens."""
        self.found("fail", reason, message)

    def info(self, reason: str, message: str = "") -> None:
        """Gives the verdict "info": what the client did, not judged."""
        self.found("info", reason, message)

    # Receiving.

    def after_response(self) -> Request:
        """Answers s, and returns the next request unanswered, so that the
        client stays; `skip` if none comes.  Then the misbehaviour begins.
        """
        self.respond()
        request = self.need_next()
        self.passed()
        self.here("the response is over")
        return request

    def half_close(self) -> None:
        """Sends a whole response while the client uploads; `skip` if it gives
        up its upload.  Then the misbehaviour begins.
        """
        self.respond()
        self.passed()
        self.need_unreset()
        if self.ended():
            self.skip("the client's upload was over as soon as it had the "
                      "response")
        self.here("the response is over")

    def push_kept(self) -> None:
        """Sends PUSH_PROMISE; `skip` if the client refuses the promise.  Then
        the misbehaviour begins.
        """
        self.need_push()
        self.push()
        self.passed()
        self.sleep(0.1)             # RST_STREAM may follow the PING's ACK
        if self.resets:
            self.skip("the client refuses promises")
        self.here("the promise was taken")

    def need_requests(self, n: int, timeout: float = 5.0) -> List[Request]:
        """Returns the connection's first n requests, s included; `skip` if
        fewer come.
        """
        while len(self.requests) < n:
            if self.next_request(timeout) is None:
                self.skip("%d of %d requests came on the connection"
                          % (len(self.requests), n))
        return self.requests[:n]

    def need_good(self, n: int) -> List[Request]:
        """Returns what `need_requests` does, and marks each by `good`."""
        for each in self.need_requests(n):
            self.good(each.stream)
        return self.requests[:n]

    def need_next(self, timeout: float = 5.0) -> Request:
        """Returns the next request, which may be the follow-up, and marks it
        by `good`.  `skip` if none comes; ConnectionEnded if the client has
        left with an error in GOAWAY.
        """
        with self.stays():
            request = self.next_request(timeout)
        if request is None:
            self.skip("no other request came on the connection")
        assert request is not None
        self.followed = request.path == "/ok"
        self.good(request.stream)
        return request

    @contextlib.contextmanager
    def stays(self) -> Iterator[None]:
        """In its `with`, the case is skipped if the client leaves without an
        error in GOAWAY: for what has to come before the next request.
        """
        try:
            yield
        except (ConnectionEnded, StreamClosedError):
            if self.failed:
                raise
            self.skip("the client left before it sent another request")

    def need_unreset(self) -> None:
        """Skips the case if the client has reset s, by whatever code."""
        self.sleep(0.1)             # RST_STREAM may follow the PING's ACK
        if self.s in self._closed:
            self.skip("the client resets the stream once it has the response")

    def need_table(self, size: int) -> None:
        """Skips the case if HEADER_TABLE_SIZE is below size octets."""
        if self.client_settings["HEADER_TABLE_SIZE"] < size:
            self.skip("the client's HEADER_TABLE_SIZE is below %d" % size)

    def feed(self, step: int, streams: Iterable[int] = (),
             connection: int = 0, timeout: float = 5.0) -> None:
        """Gives credit for the content of these streams, s if none are given,
        until each has ended or was given up.  Each gets step octets whenever
        the last credit is used, or nothing more comes within 0.2 seconds.
        connection: octets for the connection each time; 0: as many as the
        streams get together.  timeout: of a `Deadline`; if the content comes
        slowly, the rest gets enough at once after these seconds.  Ends as
        `need_body` does.
        """
        streams = list(streams) or [self.s]
        deadline = Deadline(timeout)
        left = self._unended(streams)
        while left and deadline.left(sum(map(self.received, streams))) > 0:
            if deadline.renewed:
                step, connection = max(step, ENOUGH), 0
            granted = connection or step * len(left)
            self.window_update(granted)
            for stream in left:
                self.window_update(step, stream)
            enough = granted + sum(map(self.received, left))
            soon = time.monotonic() + 0.2
            while sum(map(self.received, left)) < enough and \
                    self._unended(left) == left and \
                    self.next_frame(soon - time.monotonic()) is not None:
                pass
            left = self._unended(left)
        self._need_ended(streams)

    def need_body(self, stream: int = 0, timeout: float = 5.0) -> bool:
        """Waits for the end of the request's content, and returns whether it
        has come.  The client is tolerated if it had given the stream up before
        the misbehaviour; fails with `hang` if the end does not come in time,
        unless the client has given the stream up (`abandoned`).  timeout: of a
        `Deadline`.
        """
        deadline = Deadline(timeout)
        while self._unended([stream or self.s]):
            left = deadline.left(self.received(stream))
            if self.next_frame(left) is None and left <= 0:
                break
        self._need_ended([stream or self.s])
        return self.ended(stream)

    def _unended(self, streams: List[int]) -> List[int]:
        # Those whose content may still come.
        return [each for each in streams
                if not self.ended(each) and not self.abandoned(each)]

    def _need_ended(self, streams: List[int]) -> None:
        if any(each in self._closed_before and not self.ended(each)
               for each in streams):
            self.found("tolerated", "gave-up", "the client had reset its "
                       "stream before")
        for each in self._unended(streams):
            self.fail("hang", "%d octets of DATA are all that came"
                      % self.received(each))

    def _fitting(self, stream: int, n: int, padding: int) -> int:
        # Waits until a frame with padding fits, or one with a part of content.
        number = stream & STREAM
        size = n if padding < 0 else n + 1 + padding
        if size == 0 or not self._flows(number) or \
                self.window(number) >= size:
            return n
        least = 1 if padding < 0 else size
        if self.window(number) < least:
            gathers = self._together is not None
            self._write()           # the client gives credit once it has that
            credit = self.has_credit(least, number)
            self._together = [] if gathers else None
            if self.abandoned(number):
                return -1
            if not credit and self.client_settings[
                    "INITIAL_WINDOW_SIZE"] < DEFAULT:
                self._too_small(size, number)
            if not credit:
                self.fail("hang", "no credit came for more than %d octets"
                          % max(0, self.window(number)))
                return -1
        return min(n, self.window(number)) if padding < 0 else n

    def _flows(self, stream: int) -> bool:
        # Whether DATA on the stream is ordinary, so that the client counts it
        # (RFC 9113 §6.9): it is open for the server.
        return (stream in self._payload or stream in self._promised) and \
            not self._begun.get(stream) and not self.abandoned(stream)

    def _too_small(self, size: int, stream: int) -> None:
        self.skip("the client's window is too small: it allows %d octets of "
                  "DATA, and %d had to be sent"
                  % (max(0, self.window(stream)), size))

    def fill(self, n: int, stream: int = 0) -> bool:
        """Sends n octets of DATA as the client gives credit, and returns
        whether all were sent: not if it gives the stream up (`abandoned`).
        Fails with `hang` if it gives no credit.  Does `need_room` first.
        """
        self.need_room(n, stream)
        while n > 0 and self.need_window(1, stream):
            part = min(n, 16384, self.window(stream))
            self.data(b"." * part, stream)
            n -= part
        return n <= 0

    def need_room(self, n: int, stream: int = 0) -> None:
        """Skips the case if n octets of content need too many round trips."""
        window = max(self.window(stream),
                     self.client_settings["INITIAL_WINDOW_SIZE"])
        if n > ROUNDS * window:
            self.skip("the client's window is too small: %d octets of content "
                      "would take more than %d round trips" % (n, ROUNDS))

    def overrun(self, streams: List[int], padding: int = -1) -> None:
        """Sends DATA on these streams, one after the other, until the client
        allows no more, then one frame more: of one octet, or of padding alone
        (padding: its octets, -1 for none).  `skip` if the client gives more
        credit meanwhile, or if its window is too big to be filled.
        """
        for stream in streams:
            self.headers(stream=stream)
            self.data("..", stream)
        self.passed()
        self.here()
        with self.together():
            for stream in streams:
                n = self.window(stream)
                if n > 1 << 24:
                    self.skip("the client's window is %d octets" % n)
                if n <= 0:
                    break           # that of the connection
                self.bulk(n, stream)
            else:
                if len(streams) > 1:
                    self.skip("the connection's window is wider than those of "
                              "%d streams" % len(streams))
            self.data("." if padding < 0 else "", stream, padding=padding,
                      beyond=True)
        self.passed()
        if self.window(stream) >= 0:
            self.skip("the client gave more credit meanwhile")

    def answer(self, n: int, delay: float = 0.0, least: int = -1,
               patience: float = 2.0) -> None:
        """Answers the connection's first n requests (least, if that is more),
        s included, each after a delay.  patience: seconds to wait for each.
        `skip` if fewer than least come; -1: fewer than n.
        """
        for i in range(max(n, least)):
            deadline = time.monotonic() + patience
            while i == len(self.requests) and not self.failed and \
                    time.monotonic() < deadline:
                self.next_frame(deadline - time.monotonic())
            if i == len(self.requests):
                break
            stream = self.requests[i].stream
            if not self.answered(stream) and stream not in self._closed:
                self.sleep(delay)
                self.respond(stream)
        if len(self.requests) < (n if least < 0 else least):
            self.skip("%d of %d requests came on the connection"
                      % (len(self.requests), max(n, least)))

    def burst(self, most: int) -> None:
        """Fails with `exceeded` if the client sends more than `most` octets of
        DATA on s at once.  Before, gives credit for what has come, so that
        the stream's window is INITIAL_WINDOW_SIZE, which has to be `most`.
        """
        if self.ended():
            self.skip("the content had come before SETTINGS was acknowledged")
        had = self.received()
        if had:
            self.window_update(had)
            self.window_update(had, self.s)
        self.body(n=had + most, timeout=2.0)
        self.sleep(0.2)             # for octets beyond the window
        if self.received() > had + most:
            self.fail("exceeded", "%d octets of DATA came, and the window "
                      "was %d" % (self.received() - had, most))

    def need_acks(self, timeout: float = 2.0) -> None:
        """Waits for the acknowledgements of all SETTINGS frames; fails with
        `no-ack` if one is missing, unless the client has sent GOAWAY
        with an error.
        """
        if not self.acked(self._settings_sent, timeout) and not self.failed:
            self.fail("no-ack", "%d of %d SETTINGS frames were acknowledged"
                      % (self.settings_acks, self._settings_sent))

    def need_pongs(self, *data: bytes, timeout: float = 2.0) -> None:
        """Waits for the acknowledgements of PING frames with these data; fails
        with `no-ack` if one is missing, unless the client has sent GOAWAY
        with an error.  timeout: of a `Deadline`.
        """
        deadline = Deadline(timeout)
        left = list(data)
        while left and not self.failed:
            frame = self.wait("PING", timeout=deadline.left(len(left)))
            if frame is None:
                break
            if "ACK" in frame.flags and frame.data in left:
                left.remove(frame.data)
        if left and not self.failed:
            self.fail("no-ack", "%d of %d PING frames were acknowledged with "
                      "their data" % (len(data) - len(left), len(data)))

    def need_window(self, n: int, stream: int = 0, timeout: float = 3.0
                    ) -> bool:
        """Does what `has_credit` does, and fails with `hang` if the credit
        does not come, unless the client has given the stream up (`abandoned`).
        `skip` if its whole window has room for a few frames of n octets only,
        and some of it is left, or there never was any: a client need not give
        credit before its window is used up.
        """
        made = self.has_credit(n, stream, timeout)
        if not made and not self.abandoned(stream):
            initial = self.client_settings["INITIAL_WINDOW_SIZE"]
            if FEW * n > initial and (
                    self.window(stream) > 0
                    or not initial and not self._used.get(stream or self.s)):
                self._too_small(n, stream or self.s)
            self.fail("hang", "no credit came for more than %d octets"
                      % max(0, self.window(stream)))
        return made

    def echo_once(self) -> None:
        """Accepts a WebSocket, and answers its first message."""
        self.headers()
        self.wait("DATA", self.s)
        self.data(b"\x81\x05hello")
        self.close_websocket()

    def close_websocket(self) -> None:
        """Answers the client's Close frame with Close (RFC 6455 §5.5.1)."""
        self.wait("DATA", self.s, timeout=2.0)
        self.data(b"\x88\x02\x03\xe8", end=True)

    # The end.

    def close(self, how: str = "goaway") -> None:
        """Ends the connection by "goaway", "tls", "fin", "rst" or
        "close_notify"; the last one alone keeps TCP open.  After this the next
        request may come on another connection.
        """
        self.note("closing", how=how)
        self.connection.writer.close(how)

    def goaway_close(self, error: Any = "NO_ERROR", last: int = -1) -> None:
        """Sends GOAWAY and ends TLS and TCP at once.  What the client does to
        the connection afterwards does not count as a reaction.
        """
        self.note("closing", how="tls")
        self.send_goaway(error, last)
        self.connection.writer.close("tls")

    def settle(self) -> None:
        """Waits for the client's reaction: until it has left, or has
        acknowledged a fence and another one, sent 0.2 seconds later.
        """
        if self.passed():
            self.sleep(GRACE)
            self.passed()

    def patience(self, seconds: float = 0.0, expect: Any = None) -> None:
        """Sends fences, and waits until the client's reaction settles the
        verdict of expect (None: the case's), or until the seconds (0: `wait`)
        are over.  With D they count from the client's last frame, since it may
        have a lot to read.  The driver calls this after `misbehave`, unless
        the case has called it.
        """
        self.waited = True
        expect = expect or self.case.expect
        wait = seconds or self.case.wait
        deadline = time.monotonic() + wait
        last = deadline + AT_WORK * wait
        grace = float("inf")
        if self.case.fence and self._sent_fences == self._fences_before:
            self.send_fence()
        while not expect.enough(self) and time.monotonic() < deadline:
            if self.fences == 1 and self._fences_back == self._sent_fences:
                grace = min(grace, time.monotonic() + GRACE)
                if time.monotonic() >= grace:
                    self.send_fence()
                    grace = float("inf")
            if self.next_frame(min(deadline, grace) - time.monotonic()
                               ) is not None and expect.works:
                deadline = min(time.monotonic() + wait, last)
        if self.failed:                     # the client has to close now
            while time.monotonic() < deadline:
                self.next_frame(deadline - time.monotonic())

    def later(self, send: Callable[..., None], *args: Any, **named: Any
              ) -> None:
        """Calls send(*args, **named) at the end, when the reaction is known.
        For what completes a response, since the client may leave after that.
        """
        self._last.append(functools.partial(send, *args, **named))

    def finish(self) -> None:
        """Completes all responses that are incomplete, except on streams that
        were reset or that a GOAWAY of the server has excluded.
        """
        self.next_frame(0.0)        # ConnectionEnded if the client has left
        self.complete()             # it may leave once it has the response
        with self.together():
            for send in self._last:
                send()
            if self.followed:   # the next case needs another connection
                self.send_goaway("NO_ERROR", self.requests[-1].stream)
        for request in self.requests:
            stream = request.stream
            if request in self._arrived:    # the driver will answer it
                continue
            if self._begun.get(stream) or stream in self._was_reset or \
                    stream > self.last_stream:
                continue
            if stream in self._begun:
                self.data(b"", stream, end=True)
            else:
                self.respond(stream)
        for stream in sorted(self._promised - self._was_reset):
            if stream not in self._begun:
                self.rst(stream=stream)
            elif not self._begun[stream]:
                self.data(b"", stream, end=True)

    def complete(self) -> None:
        """Notes that all that the client waits for has been sent, or is sent
        next.  For cases that end the connection after a good response.
        """
        self.note("complete")
