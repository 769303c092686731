# SPDX-License-Identifier: MIT
"""From a request's path to a file, and what is sent of files."""

import errno
import html
import io
import os
import re
import stat
from typing import Any, Callable, List, Optional, Tuple, Union
from urllib.parse import quote_from_bytes, unquote_to_bytes

from h2rig.config import options
from h2rig.constants import content_types
from h2rig.errors import HTTPException

__all__ = ["FilePart", "FileParts", "as_sent", "decode_path",
           "directory_listing", "file_part", "guess_content_type",
           "has_headers", "load_headers", "locate", "open_file", "requested"]

#: Files up to this many octets are sent from memory.
SMALL = 65536


def decode_path(path: str) -> Optional[str]:
    """A request's path (no query), percent-decoded once, as a file name is
    text in Python; None if it could not be below any directory.
    """
    if not path.startswith("/"):
        return None
    if "%" in path or not path.isascii():
        path = os.fsdecode(unquote_to_bytes(path.encode("latin-1")))
    if "\0" in path or ".." in path.split("/"):
        return None
    return path


def as_sent(path: str) -> str:
    """A path as text in the form that a request has it in: what is not ASCII
    percent-encoded (UTF-8).
    """
    return re.sub(r"[^\0-\x7f]+", lambda match: quote_from_bytes(
        os.fsencode(match.group())), path)


def locate(path: str, root: Optional[str] = None) -> str:
    """The file of a decoded path below root (by default the document root,
    or the directory of the alias that the path begins with).

    HTTPException 404 if it leaves root, also by a symbolic link.  The file
    need not be there.
    """
    path = path.lstrip("/")
    if root is not None:
        return _below(root, os.path.realpath(root), path)
    if options.aliases:
        for prefix, directory, real in options.aliases:
            if ("/" + path + "/").startswith(prefix):
                path = ("/" + path)[len(prefix):].lstrip("/")
                return _below(directory, real, path)
    return _below(options.doc_root, options.real_root, path)


def _below(root: str, real_root: str, path: str) -> str:
    full = os.path.join(root, path)
    real = os.path.realpath(full)
    if real != real_root and not real.startswith(
            real_root.rstrip("/") + "/"):
        raise HTTPException(404, "Not Found")
    return full


def requested(path: str, base_path: Optional[str] = None,
              url_base: str = "/") -> Tuple[str, str]:
    """A request's path, decoded, and the file that it means.

    base_path: the directory that stands for url_base; None: the document
    root.  HTTPException 404.
    """
    decoded = decode_path(path)
    if decoded is None:
        raise HTTPException(404, "Not Found")
    if base_path is None:
        return decoded, locate(decoded)
    base = url_base.strip("/")
    below = decoded.lstrip("/")
    if base:
        if below != base and not below.startswith(base + "/"):
            raise HTTPException(404, "Not Found")
        below = below[len(base):]
    return decoded, locate(below, base_path)


def not_found(e: OSError) -> HTTPException:
    """What to answer when a file cannot be opened.  Raises e itself when it
    is the machine that is at its end.
    """
    if e.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO):
        raise e
    if e.errno in (errno.EACCES, errno.EPERM):
        return HTTPException(403, "Forbidden")
    return HTTPException(404, "Not Found")


def open_file(path: str) -> Tuple[Any, os.stat_result]:
    """A regular file, open for reading, and its status.  HTTPException."""
    try:
        # Not to hang on a FIFO.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as e:
        if isinstance(e, OSError):
            raise not_found(e) from None
        raise HTTPException(404, "Not Found") from None
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise HTTPException(404, "Not Found")
    return os.fdopen(fd, "rb", buffering=0), status


class FilePart(io.RawIOBase):
    """Octets of a file, offset to offset + length, as a file of its own.

    As a response's content it is sent from the descriptor, without coming
    into Python's memory.  The file is closed when its last part is gone.
    """

    def __init__(self, source: Any, offset: int, length: int) -> None:
        super().__init__()
        self.source = source
        self.offset = offset
        self.length = length
        self._position = 0

    def fileno(self) -> int:
        """The descriptor of the whole file."""
        fd: int = self.source.fileno()
        return fd

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads into buffer; the octets read, 0 at the end."""
        size = min(len(buffer), self.length - self._position)
        if size <= 0:
            return 0
        data = os.pread(self.fileno(), size, self.offset + self._position)
        buffer[:len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        parts: List[bytes] = []
        while True:
            data = self.read(1 << 20) or b""
            if not data:
                return b"".join(parts)
            parts.append(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = (0, self._position, self.length)[whence]
        if base + offset < 0:
            raise ValueError("negative seek position %d" % (base + offset))
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def part(self, start: int, end: int) -> "FilePart":
        """The octets start to end of this part."""
        return FilePart(self.source, self.offset + start, end - start)


class FileParts(List[Union[bytes, FilePart]]):
    """Octets and parts of files, in the order they are sent in."""

    @property
    def length(self) -> int:
        """Octets of all of it."""
        return sum(item.length if isinstance(item, FilePart) else len(item)
                   for item in self)


def file_part(source: Any) -> Optional[FilePart]:
    """What is left of an open binary file, if it is a large regular one."""
    if type(source) is FilePart:
        return source
    if type(source) is io.BufferedReader:
        if type(source.raw) is not io.FileIO:
            return None
    elif type(source) is not io.FileIO:
        return None
    status = os.fstat(source.fileno())
    position = source.tell() if stat.S_ISREG(status.st_mode) else 0
    if status.st_size - position <= SMALL:
        return None
    return FilePart(source, position, status.st_size - position)


def guess_content_type(path: str) -> str:
    """The media type by the file name's extension."""
    extension = os.path.splitext(path)[1][1:].lower()
    return content_types.get(extension, "application/octet-stream")


def load_headers(path: str, substitute: Callable[[bytes], bytes]
                 ) -> List[Tuple[bytes, bytes]]:
    """The fields for a file: from `__dir__.headers` of its directory, then
    from the file's own `.headers`.

    Where there is a `.sub.headers` it counts instead, after substitute.
    """
    fields: List[Tuple[bytes, bytes]] = []
    for base in (os.path.join(os.path.dirname(path), "__dir__"), path):
        data = _read(base + ".sub.headers")
        if data is not None:
            fields += parse_headers(substitute(data), base + ".sub.headers")
            continue
        data = _read(base + ".headers")
        if data is not None:
            fields += parse_headers(data, base + ".headers")
    return fields


def has_headers(path: str) -> bool:
    """Whether anything has a name by which `load_headers` would look for
    fields for this file, even a link that leads nowhere yet.
    """
    return any(os.path.lexists(base + ending)
               for base in (os.path.join(os.path.dirname(path), "__dir__"),
                            path)
               for ending in (".headers", ".sub.headers"))


def _read(name: str) -> Optional[bytes]:
    try:
        with open(name, "rb") as f:
            return f.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as e:
        if e.errno == errno.ENAMETOOLONG:
            return None     # the file's own name is as long as can be
        raise


def parse_headers(data: bytes, name: str) -> List[Tuple[bytes, bytes]]:
    """Lines of "Name: value".  ValueError names file and line."""
    fields = []
    for number, line in enumerate(data.split(b"\n"), 1):
        line = line.strip()
        if not line:
            continue
        key, colon, value = line.partition(b":")
        if not colon:
            raise ValueError("%s, line %d: expected \"Name: value\", not %r"
                             % (name, number, line))
        fields.append((key.strip(), value.strip()))
    return fields


def directory_listing(path: str, url_path: str) -> str:
    """A page (UTF-8) with links to what is in the directory."""
    entries = []
    with os.scandir(path) as found:
        for entry in found:
            try:
                slash = "/" if entry.is_dir() else ""
            except OSError:
                slash = ""
            entries.append((not slash, entry.name + slash))
    entries.sort()
    rows = ["<li><a href=\"%s\">%s</a></li>" % (
        html.escape("./" + quote_from_bytes(os.fsencode(name)), True),
        html.escape(_readable(name))) for _, name in entries]
    if url_path != "/":
        rows.insert(0, "<li><a href=\"../\">../</a></li>")
    title = "Directory listing of %s" % html.escape(_readable(url_path))
    return ("<!doctype html>\n<meta charset=\"utf-8\">\n<title>%s</title>\n"
            "<h1>%s</h1>\n<ul>\n%s\n</ul>\n"
            % (title, title, "\n".join(rows)))


def _readable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")
