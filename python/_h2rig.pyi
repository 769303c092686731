# SPDX-License-Identifier: MIT
"""The module that the program has built in: the connection that this process
serves.  Here for type checkers; the code is in src/py.
"""

from typing import (Any, Callable, Dict, Final, List, Optional, Sequence,
                    Tuple, TypeVar, Union)

_T = TypeVar("_T")

#: (name, value), or (name, value, True): never indexed (RFC 7541 §6.2.3)
Field = Union[Tuple[bytes, bytes], Tuple[bytes, bytes, bool]]
#: What `Exchange.take` gives:
#: (EVENT_HEADERS, method, path, end_stream),
#: (EVENT_DATA, content, lengths, end_stream, credit), lengths being octets of
#: content and flow-controlled length of each DATA frame in turn: of one, or,
#: after `gather`, of all that have come, or
#: (EVENT_TRAILERS, fields, priority, length and padding, the header block), or
#: (EVENT_FRAME, type, flags, payload), of WINDOW_UPDATE, PRIORITY,
#: PRIORITY_UPDATE, or a type that is not known.  Of the connection script:
#: (EVENT_STEP, number), by STEPS of h2rig.server.frametypes: "accept", first of
#: all, "client_hello", "connect", "close", and "main", alone, of its second
#: exchange,
#: (EVENT_RECEIVED, `Received`): the frame waits for its function, or
#: (EVENT_VIOLATION, "connection" or "stream", code, text, `Received` or None)
Event = Tuple[Any, ...]

EVENT_HEADERS: Final[int]
EVENT_DATA: Final[int]
EVENT_TRAILERS: Final[int]
EVENT_FRAME: Final[int]
EVENT_STEP: Final[int]
EVENT_RECEIVED: Final[int]
EVENT_VIOLATION: Final[int]

#: `Exchange.id` of the connection script's two exchanges.
CONNECTION: Final[int]

#: A frame: its number on the connection, type, flags, stream id, payload, of
#: HEADERS that decode also fields and priority, and octets of payload on the
#: wire.  The payload of HEADERS is the header block.
Received = Tuple[int, int, int, int, bytes,
                 Optional[List[Tuple[bytes, bytes]]],
                 Optional[Tuple[int, int, bool]], int]

class Exchange:
    """One request and the way to answer it, or the connection script's
    functions, or its main: struct exchange of src/conn.
    """

    @property
    def id(self) -> int: ...
    @property
    def priority(self) -> Tuple[int, bool]: ...
    @property
    def closed(self) -> bool: ...
    @property
    def reset(self) -> bool: ...
    @property
    def left(self) -> bool: ...
    @property
    def reset_code(self) -> Optional[int]:
        """Of the client's RST_STREAM, while the connection lasts."""
    @property
    def block_open(self) -> bool: ...
    @property
    def headers_sent(self) -> bool: ...
    @property
    def ended(self) -> bool: ...
    @property
    def end_sent(self) -> bool:
        """END_STREAM has gone out, also if the client is gone by now."""
    @property
    def moves(self) -> int: ...
    runner: Any
    script: str

    def take(self) -> List[Event]:
        """What has come, newest first, [] if nothing has.  One thread at a
        time.
        """
    def wait(self, moves: int, tunnel: bool = False, /) -> bool:
        """Waits until there is something to take, or `moves` is not what it
        was: another thread has taken it.  False: all has been taken.
        StreamClosedError; for a tunnel ServerStoppingError.
        """
    def fields(self) -> List[Tuple[bytes, bytes]]: ...
    def frame(self) -> Tuple[
            Tuple[Optional[Tuple[int, int, bool]], int, bool], bytes]:
        """Priority, length and padding of its HEADERS; the header block."""
    def gather(self) -> None: ...
    def consume(self, n: int) -> None: ...
    def want(self, mask: int, /) -> None:
        """It is known which frames have a function, a bit each (`FUNCTIONS` or
        `CONNECTION_FUNCTIONS` of h2rig.server.frametypes); until then all are
        kept.
        """
    def begun(self, size: int, /) -> None:
        """An EVENT_FRAME with so many octets no longer counts as waiting."""
    def call(self, name: str, function: Callable[..., _T],
             *args: Any) -> _T: ...
    def pause(self, ms: int, /) -> None: ...
    def finish(self) -> None: ...
    def remember_file(self, path: bytes, dev: int, ino: int,
                      fields: Sequence[Tuple[bytes, bytes]],
                      content: bytes) -> None: ...
    def write(self, op: str, stream_id: int = 0,
              fields: Sequence[Tuple[Any, ...]] = (), data: bytes = b"",
              flags: int = 0, value: int = 0, /) -> int:
        """A writer call, by its name in `kinds` of src/conn/writeop.c.  The
        function that is named there says what value is and what the call
        returns.  stream_id 0 is the request's own, but for raw calls.
        """
    def flood(self, octets: bytes, limit_octets: int, limit_frames: int,
              ms: int, reading: bool, /) -> int:
        """Sends them again and again; limits of 0 are none: octets sent."""

def log(level: str, text: Union[str, bytes], prefix: str = "script",
        /) -> None: ...
def faults(fields: Sequence[Field], /) -> List[Tuple[int, str]]:
    """Which of a response's fields break a rule, and which rule."""
def stored(n: int, /) -> Tuple[int, int, str]: ...
def keep(objects: List[Tuple[str, Any]], /) -> None: ...
def changed() -> Optional[str]: ...
def left() -> Tuple[Optional[str], bool]:
    """An audit event since `keep` that leaves no trace, or None; whether there
    is an `Exchange`.
    """
def connection() -> Dict[str, Any]: ...
def stamp(file: Union[str, int], /) -> bytes: ...

# The connection, with or without a script of its own.

def own() -> Exchange:
    """That of the connection's functions."""
def serving() -> int:
    """What this thread serves: a stream's id, CONNECTION, CONNECTION + 1 for
    its main, or 0.
    """
def next_frame(since: int, type: int, stream_id: int, ms: int, /
               ) -> Optional[Received]:
    """The first with this number or a higher one, type and stream (-1: any);
    waits for it.  None: time is over.  ConnectionEnded.
    """
def frames() -> List[Received]:
    """Those that are kept, oldest first."""
def read(n: int, ms: int, /) -> Optional[bytes]:
    """After "engine_off": up to n octets, b"" at the end; None: time is over.
    """
def ended() -> Tuple[bool, Optional[str], List[
        Tuple[str, float, Optional[int], Optional[str]]]]:
    """Whether nothing more comes of the connection; by whom it is over
    ("client", "server", "limit"), or None; and how the client ended it: "close_notify", "FIN", "RST" or "alert" with
    seconds since its beginning, and an alert's number and name.
    """
def tls_hello() -> Optional[Tuple[Optional[str], List[str], List[str]]]:
    """What the ClientHello has: server name, ALPN, versions."""
def tls_set(name: str, value: Any, /) -> None: ...
def tls_leaf(names: List[str], days: int, rsa: bool, self_signed: bool, /
             ) -> None: ...
def tls_request(kind: str, /) -> None: ...
