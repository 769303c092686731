# SPDX-License-Identifier: MIT
"""Waits, for a connection's scripts, for the client's frames, for the
acknowledgement of a PING, and for the client's reaction to what it was sent.

C code keeps the received frames (src/conn/framelog.h), each with a number.
This file notes which of them the scripts of each stream have been given.
`h2rig.connection` calls it.
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

#: The first octets of our own PING frames' data.
PING_MARK = b"h2r"

#: Seconds between the first acknowledgement and the second PING of `reaction`.
REACTION_PAUSE = 0.2

#: The most seconds that fit in C's milliseconds.
MOST_SECONDS = (1 << 31) // 1000

_PING, _GOAWAY = TYPES["PING"], TYPES["GOAWAY"]
_RST_STREAM = TYPES["RST_STREAM"]

#: Kinds of a `Reaction`, the most telling first: those of frames ...
_FRAMES = ((_GOAWAY, "goaway"), (_RST_STREAM, "rst_stream"))

#: ... and those of the events that `_h2rig.ended` lists.
_ENDS = (("alert", "tls_alert"), ("RST", "reset"), ("FIN", "closed"),
         ("close_notify", "closed"))


#: A number that is greater than the number of any frame.
_NEVER = 1 << 64


def milliseconds(seconds: float, what: str) -> int:
    """Returns seconds in whole milliseconds, rounded up, at most 24 days.

    what: the parameter's name in the message of the TypeError or ValueError
    that a wrong value raises.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError("%s must be a number of seconds, not %r"
                        % (what, seconds))
    if not seconds >= 0:
        raise ValueError("%s must be 0 or more seconds, not %r"
                         % (what, seconds))
    return math.ceil(min(seconds, MOST_SECONDS) * 1000)


class _Deadline:
    # The end of a time that begins when the object is made.

    def __init__(self, timeout: float) -> None:
        milliseconds(timeout, "timeout")
        self.start = time.monotonic()
        self._end = self.start + timeout

    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())


class Reaction:
    """How the client has reacted to what it was sent.

    kind: the first of these that applies: "goaway", "rst_stream", "tls_alert",
    "reset" (TCP), "closed" (FIN without GOAWAY), "alive" (both PINGs
    acknowledged), "silent".  code, name: those of the error or the alert; None
    for other kinds.  frame: the GOAWAY or RST_STREAM frame, or None.  seconds:
    the time from the call until the reaction was seen.  then: after "goaway",
    how the connection ended: "tls_alert", "reset", "closed", or None if it did
    not end.
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
    """`connection.end`: the client's reaction on the whole connection, once
    the connection is over.

    by: who ended it, "client", "server" or "limit".  order: the events of
    "close_notify", "FIN", "RST" and "alert" that came, in the order in which
    they came.  seconds: the time from the beginning of the connection to the
    last of these events.
    """

    by: Optional[str] = None
    order: List[str] = []


_R = TypeVar("_R", bound=Reaction)


class Waiting:
    """Which frames of a connection its scripts have been given."""

    def __init__(self) -> None:
        self._watched = False
        #: number of the newest frame that has been seen here
        self._newest = -1
        #: number of the first frame that is new to `reaction`
        self._reacted = 0
        #: number of the first frame that is new to `wait`, by what the thread
        #: serves (`_h2rig.serving`), or minus its number if it serves nothing
        self.positions: Dict[int, int] = {}

    def let_read(self) -> None:
        """Lets the connection be read while the function that this thread runs
        waits.  Raises ProtocolError if nothing can be read yet.
        """
        if _h2rig.serving() == _h2rig.CONNECTION:
            _write("release")

    def watch(self) -> None:
        """Has received frames kept from now on."""
        if not self._watched:
            _write("watch")
            self._watched = True

    def given(self, received: Any) -> Any:
        """Returns the frame of a `Received`, for a function of the connection
        script.
        """
        number: int = received[0]
        self.positions[_h2rig.CONNECTION] = number + 1
        self._newest = max(self._newest, number)
        return received_frame(received)

    def wait(self, kind: int, stream: int, timeout: float) -> Any:
        """Does what `Connection.wait` says.

        kind, stream: the frame's type and stream; -1: any.
        """
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
        """Does what `Connection.fence` says."""
        deadline = _Deadline(timeout)
        self.let_read()
        if not self._ping(deadline):
            raise TimeoutError("the client has not acknowledged a PING within "
                               "%g s" % timeout)
        seconds = time.monotonic() - deadline.start
        _write("note", 1, b'"microseconds":%d' % round(seconds * 1e6))
        return seconds

    def reaction(self, stream: Optional[int], timeout: float) -> Reaction:
        """Does what `Connection.reaction` says."""
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
        """Changes found to the most telling reaction, and returns it.

        Reactions are the frames from number since on (RST_STREAM: of this
        stream; None: any), and events, which `_h2rig.ended` lists.
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
        # Sends a PING.  Returns whether it has been acknowledged in time.
        # since: a GOAWAY with this number or a higher one ends the wait.
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
        # Returns whether two PINGs are acknowledged.  A GOAWAY, the most
        # telling reaction, ends the wait at once.
        if not self._ping(deadline, since):
            return False
        at = self._newest + 1
        pause = _Deadline(min(REACTION_PAUSE, deadline.left()))
        if self._next(at, _GOAWAY, -1, pause) is not None:
            return False
        return self._ping(deadline, at)

    def _then(self, deadline: _Deadline) -> Optional[str]:
        # Returns how the connection ends after GOAWAY; None if it does not.
        try:
            while self._next(self._newest + 1, -1, -1, deadline) is not None:
                pass
        except ConnectionEnded:
            _until_over(deadline)
        end = self.judge(_NEVER, None, _h2rig.ended()[2], Reaction("silent"))
        return None if end.kind == "silent" else end.kind


def _write(op: str, value: int = 0, data: bytes = b"") -> None:
    # Makes a writer call on the connection's own exchange.
    try:
        _h2rig.own().write(op, 0, (), data, 0, value)
    except ConnectionEnded:
        raise
    except StreamClosedError as e:
        raise ConnectionEnded(*e.args) from None


def _until_over(deadline: _Deadline) -> None:
    # Waits until all that the client sends has been read, or time is over.
    while not _h2rig.ended()[0] and deadline.left():
        time.sleep(0.005)
