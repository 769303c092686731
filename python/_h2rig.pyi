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
#: (EVENT_TRAILERS, fields, as `Exchange.frame`, the header block), or
#: (EVENT_FRAME, type, flags, payload), of WINDOW_UPDATE, PRIORITY,
#: PRIORITY_UPDATE, or a type that is not known
Event = Tuple[Any, ...]

EVENT_HEADERS: Final[int]
EVENT_DATA: Final[int]
EVENT_TRAILERS: Final[int]
EVENT_FRAME: Final[int]

class Exchange:
    """One request and the way to answer it: struct exchange of src/conn."""

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
    def frame(self) -> Tuple[Optional[Tuple[int, int, bool]], int, bool]: ...
    def gather(self) -> None: ...
    def consume(self, n: int) -> None: ...
    def want(self, mask: int, /) -> None:
        """It is known which frames have a function, a bit each (`FUNCTIONS` of
        h2rig.server.frametypes); until then all are kept.
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
        """A writer call, by its name in src/conn/writeop.c, which says what
        value is and what it returns.  stream_id 0 is the request's own, but
        for raw calls.
        """

def log(level: str, text: Union[str, bytes], prefix: str = "script",
        /) -> None: ...
def log_enabled(level: str) -> bool: ...
def stored(n: int, /) -> Tuple[int, int, str]: ...
def connection() -> Dict[str, Any]: ...
def stamp(file: Union[str, int], /) -> bytes: ...
