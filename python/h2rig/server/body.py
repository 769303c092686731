# SPDX-License-Identifier: MIT
"""The body store, which holds the content of a request, and file-like views
of it.

A store keeps up to 1 MiB in memory.  More content is in one temporary file, as
far as the limits on stored content allow.

The octets that each connection has in files are counted in memory that all
processes share (`_h2rig.stored`).  They are counted before they are written,
so that connections that write at the same time do not exceed a limit together.
"""

import io
import mmap
import os
import tempfile
import threading
from typing import Any, Callable, Iterator, List, Optional, Union

import _h2rig

from h2rig.connection import connection
from h2rig.errors import HTTPException
from h2rig.server.config import options
from h2rig.server.rundir import free_space

__all__ = ["BodyStore", "NoRoom", "PartView", "RawInput", "StoreView",
           "configure", "storing"]

#: A store without a file makes one when it has this many octets in memory.
IN_MEMORY = 1 << 20

#: Octets that are collected in memory before they are written to a file.
WRITE = 1 << 16

#: The octets of a file are counted in steps of this size.
STEP = 1 << 20

#: Held while content is moved from the connection to a store, or from a
#: store's memory to its file, which readers do too.  There is one lock for all
#: stores.  A script's fork holds it, so that the new process has no content
#: that is half moved, and no lock whose holder does not exist.
storing = threading.RLock()
os.register_at_fork(before=storing.acquire, after_in_parent=storing.release,
                    after_in_child=storing.release)


class NoRoom(HTTPException):
    """Content cannot be stored.

    The status is 413 if the connection has used up its share, 503 if the
    server has no room.
    """


def configure() -> None:
    """Sets --max-stored-total if it was not given.  The parent calls this at
    start.
    """
    if not options.max_stored_total:
        options.max_stored_total = free_space() * 3 // 4


def _take(n: int) -> None:
    # Adds n octets to this connection's count.  Raises NoRoom, and leaves the
    # count as it was, if a limit does not allow them.
    own, everybody, _ = _h2rig.stored(n)
    if not everybody:
        return              # this process serves no connection
    left = min(options.max_stored_total - everybody, free_space() - n)
    if options.max_stored and own > options.max_stored:
        code, reason = 413, ("a connection may have %d octets stored "
                             "(--max-stored)" % options.max_stored)
    elif left < 0:
        code, reason = 503, ("all may have %d octets stored "
                             "(--max-stored-total), as far as TMPDIR has room"
                             % options.max_stored_total)
    elif not options.max_stored and own > left:
        code, reason = 413, ("a connection may have no more stored than it "
                             "leaves room for (--max-stored)")
    else:
        return
    _give_back(n)
    raise _refusal(code, reason)


def _give_back(n: int) -> None:
    # Subtracts n octets from this connection's count.
    _h2rig.stored(-n)


def _refusal(code: int, reason: str) -> NoRoom:
    # Returns the error, after it has logged which client's content is not
    # stored, and which client has the most stored.
    own, _, most = _h2rig.stored(0)
    host, port = connection.client_address
    _h2rig.log("warn", "content of %s is not stored, status %d: %s; it has %d "
               "octets stored; %s has most" % (
                   "[%s]:%d" % (host, port) if ":" in host
                   else "%s:%d" % (host, port), code, reason, own, most))
    return NoRoom(code, "the content cannot be stored: " + reason)


class BodyStore:
    """The stored content of a request: octets are appended at the end and
    read from any offset.

    One thread at a time may append while any number of threads read.  Reads
    keep no position, so that any number of views can share one file.

    length: octets appended.  lost: None, or the error that reading raises: if
    some content cannot be stored, all content of the request is dropped.
    """

    __slots__ = ("length", "lost", "_memory", "_filed", "_file", "_counted",
                 "_whole")

    def __init__(self) -> None:
        self.length = 0
        # The octets that are not in the file: those from offset _filed on.
        self._memory: Union[bytes, bytearray] = b""
        self._filed = 0
        self._file: Any = None
        self.lost: Optional[NoRoom] = None
        self._counted = 0
        self._whole = b""

    def __del__(self) -> None:
        self._uncount()

    def append(self, data: bytes) -> int:
        """Stores data, or sets `lost` if it cannot.  Returns data's offset."""
        offset = self.length
        if not data:
            return offset
        with storing:
            if self.lost is None:
                try:
                    self._add(data)
                except (OSError, MemoryError, NoRoom) as e:
                    self._lose(e)
            self.length = offset + len(data)
        return offset

    def _add(self, data: bytes) -> None:
        if self._file is not None and len(data) >= WRITE:
            self._flush()
            self._write(data)
        elif not self._memory:
            self._memory = data
        else:
            if isinstance(self._memory, bytes):
                self._memory = bytearray(self._memory)
            self._memory += data
        if len(self._memory) >= (IN_MEMORY if self._file is None else WRITE):
            self._flush()

    def _lose(self, e: Exception) -> None:
        self.lost = e if isinstance(e, NoRoom) else _refusal(
            503, str(e) or type(e).__name__)
        # An incomplete content is of no use, and other content needs the room.
        self._memory, self._file, self._whole = b"", None, b""
        self._uncount()

    def check(self) -> None:
        """Raises `NoRoom`, as `lost` says, if content has been lost."""
        if self.lost is not None:
            raise NoRoom(self.lost.code, self.lost.message)

    def _uncount(self) -> None:
        counted, self._counted = self._counted, 0
        if counted:
            _give_back(counted)

    def _write(self, data: Union[bytes, bytearray]) -> None:
        # Appends data to the file, after it has counted its octets.
        more = self._filed + len(data) - self._counted
        if more > 0:
            more += -more % STEP
            _take(more)
            self._counted += more
        at, left = self._filed, memoryview(data)
        while left:
            n = os.pwrite(self._file.fileno(), left, at)
            at, left = at + n, left[n:]
        self._filed = at

    def _flush(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(buffering=0)
        self._write(self._memory)
        self._memory = b""

    def read(self, offset: int, size: int) -> bytes:
        """Returns up to size octets from offset on; fewer at the end."""
        size = min(size, self.length - offset)
        if size <= 0:
            return b""
        with storing:
            self.check()
            file = self._file
            start = offset - self._filed
            if start >= 0:
                return bytes(memoryview(self._memory)[start:start + size])
            if start + size > 0:
                self._flush()
        parts: List[bytes] = []
        while size > 0:
            part = os.pread(file.fileno(), size, offset)
            if not part:
                break
            parts.append(part)
            offset += len(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def whole(self) -> bytes:
        """Returns all octets: the same object until more are appended."""
        self.check()
        whole = self._whole
        if len(whole) != self.length:
            memory = self._memory
            if len(memory) == self.length and isinstance(memory, bytes):
                whole = memory
            else:
                whole = self.read(0, self.length)
            self._whole = whole
        return whole

    def searchable(self) -> Any:
        """Returns all octets as an object with `find` and slices: bytes, or
        the mapped file.
        """
        with storing:
            if self._file is None:
                return self.whole()
            self._flush()
            return mmap.mmap(self._file.fileno(), self.length,
                             access=mmap.ACCESS_READ)


class PartView(io.RawIOBase):
    """A read-only file of length octets, which a subclass provides."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length
        self._position = 0

    def _read_at(self, position: int, size: int) -> bytes:
        # Returns 1 to size octets from this position on.
        raise NotImplementedError

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads into buffer.  Returns how many octets it read, 0 at the end.
        """
        size = min(len(buffer), self.length - self._position)
        if size <= 0:
            return 0
        data = self._read_at(self._position, size)
        buffer[:len(data)] = data
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = (0, self._position, self.length)[whence]
        if base + offset < 0:
            raise ValueError("negative seek position %d" % (base + offset))
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position


class StoreView(PartView):
    """A read-only file of part of a store, an uploaded file for example."""

    def __init__(self, store: BodyStore, offset: int, length: int) -> None:
        super().__init__(length)
        self._store = store
        self._offset = offset

    def _read_at(self, position: int, size: int) -> bytes:
        return self._store.read(self._offset + position, size)


class RawInput:
    """The body of a request as a file.

    Reading waits for octets that have not come yet, and raises
    `StreamClosedError` if the client leaves meanwhile.
    """

    def __init__(self, store: BodyStore,
                 pull: Callable[[Optional[int]], None],
                 length: Callable[[], int]) -> None:
        self._store = store
        self._pull = pull
        self._length = length
        self._position = 0

    @property
    def length(self) -> int:
        """The length of the body in octets.  Without a content-length field
        this waits for the end of the body.
        """
        return self._length()

    def read(self, size: Optional[int] = -1) -> bytes:
        """Returns up to size octets; all the rest if size is negative or
        None.
        """
        if size is None or size < 0:
            self._pull(None)
            size = self._store.length - self._position
        else:
            self._pull(self._position + size)
        data = self._store.read(self._position, size)
        self._position += len(data)
        return data

    def readable(self) -> bool:
        """Returns True."""
        return True

    def readline(self, size: Optional[int] = -1) -> bytes:
        """Returns a line with its b"\\n", or the first size octets of it;
        b"" at the end.
        """
        limit = -1 if size is None else size
        parts: List[bytes] = []
        while limit:
            self._pull(self._position + 1)
            part = self._store.read(
                self._position, 8192 if limit < 0 else min(limit, 8192))
            if not part:
                break
            end = part.find(b"\n") + 1
            if end:
                part = part[:end]
            self._position += len(part)
            limit -= len(part) if limit > 0 else 0
            parts.append(part)
            if end:
                break
        return b"".join(parts)

    def readlines(self, hint: Optional[int] = -1) -> List[bytes]:
        """Returns the remaining lines, but stops once they have hint octets.
        """
        lines: List[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Sets the position and returns it.  os.SEEK_END waits for the end.
        """
        if whence == os.SEEK_END:
            self._pull(None)
            offset += self._store.length
        elif whence == os.SEEK_CUR:
            offset += self._position
        elif whence != os.SEEK_SET:
            raise ValueError("whence must be 0, 1 or 2, not %r" % (whence,))
        if offset < 0:
            raise ValueError("negative seek position %d" % offset)
        self._position = offset
        return offset

    def tell(self) -> int:
        """Returns the position."""
        return self._position

    def close(self) -> None:
        """Does nothing: the store belongs to the request."""
