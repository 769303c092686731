# SPDX-License-Identifier: MIT
"""Finds and opens the file that a request's path names, and makes parts of
files, a file's fields and the listing of a directory.

All files of the document root are opened here (`open_below`).
"""

import errno
import html
import io
import os
import re
import stat
from typing import Any, Callable, List, NamedTuple, Optional, Tuple, Union
from urllib.parse import quote_from_bytes

from h2rig.constants import content_types
from h2rig.errors import HTTPException
from h2rig.server.body import PartView
from h2rig.server.config import options
from h2rig.server.isomorphic import percent_decode

__all__ = ["FilePart", "FileParts", "NotServed", "Place", "as_sent",
           "decode_path", "directory_listing", "file_part",
           "guess_content_type", "has_headers", "load_headers", "locate",
           "open_below", "open_file", "open_regular", "requested"]

#: Files up to this many octets are sent from memory.
SMALL = 65536

#: The most octets of a file's path: no system opens a longer one.
MAX_PATH = 4096


_up = re.compile(r"(?:\A|/)\.\.(?:/|\Z)")


def decode_path(path: str) -> Optional[str]:
    """Returns a request's path (without query), percent-decoded once, as text
    in the form of Python's file names; None if it cannot be below a directory.
    """
    if not path.startswith("/"):
        return None
    if "%" in path or not path.isascii():
        path = os.fsdecode(percent_decode(path.encode("latin-1")))
    if "\0" in path or _up.search(path):
        return None
    return path


def as_sent(path: str) -> str:
    """Returns a path in the form of a request's path: characters that are not
    ASCII are percent-encoded (UTF-8).
    """
    return re.sub(r"[^\0-\x7f]+", lambda match: quote_from_bytes(
        os.fsencode(match.group())), path)


class NotServed(HTTPException):
    """A file exists but must not be sent: status 404 with the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(404, reason)


class Place(NamedTuple):
    """The place of a file that may exist.

    path: where the file may be.  root: the directory (without symbolic links)
    that it must not be outside of.
    """

    path: str
    root: str

    def plus(self, ending: str) -> "Place":
        """Returns the place whose path has this ending added."""
        return Place(self.path + ending, self.root)

    def check(self) -> str:
        """Returns the path without symbolic links.

        Raises NotServed if that leaves root, and OSError.
        """
        if len(self.path) > MAX_PATH:
            # The time of realpath grows with the square of the length.
            raise OSError(errno.ENAMETOOLONG, os.strerror(
                errno.ENAMETOOLONG), self.path)
        real = os.path.realpath(self.path)
        if real != self.root and not real.startswith(
                self.root.rstrip("/") + "/"):
            raise NotServed("a symbolic link leads out of the directory that "
                            "is served")
        return real


def locate(path: str, root: Optional[str] = None) -> Place:
    """Returns the place of a decoded path below root.

    root: None for the document root, or the directory of the alias that the
    path begins with.
    """
    path = path.lstrip("/")
    if root is not None:
        return Place(os.path.join(root, path), os.path.realpath(root))
    if options.aliases:
        for prefix, directory, real in options.aliases:
            if ("/" + path + "/").startswith(prefix):
                path = ("/" + path)[len(prefix):].lstrip("/")
                return Place(os.path.join(directory, path), real)
    return Place(os.path.join(options.doc_root, path), options.real_root)


def requested(path: str, base_path: Optional[str] = None,
              url_base: str = "/") -> Tuple[str, Place]:
    """Returns a request's path, decoded, and the place that it names.

    base_path: the directory that stands for url_base; None: the document
    root.  Raises HTTPException 404 if the path cannot name a file there.
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
    """Returns the error, 403 or 404, for a file that cannot be opened.

    Raises e itself if the machine has run out of a resource, or cannot read.
    """
    if e.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO):
        raise e
    if e.errno in (errno.EACCES, errno.EPERM):
        return HTTPException(403, "Forbidden")
    return HTTPException(404, "Not Found")


def open_regular(path: str) -> Tuple[Any, os.stat_result]:
    """Opens a regular file for reading.  Returns the file and its status.

    This never waits: other kinds of files, some of which would block (a FIFO),
    are refused.  Raises OSError (IsADirectoryError for a directory), and
    NotServed for other kinds.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
                 | os.O_NOCTTY)
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode):
        return os.fdopen(fd, "rb", buffering=0), status
    os.close(fd)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise NotServed("not a regular file")


def is_script(name: str) -> bool:
    """Returns whether a path names a Python file, also on a file system that
    ignores case, or dots and spaces at the end.
    """
    return name.rstrip(". ").lower().endswith(".py")


def open_below(place: Place, script: bool = False
               ) -> Tuple[Any, os.stat_result]:
    """Opens the file of a place, as `open_regular` does.  Every file of the
    document root, or of a directory with the same purpose, is opened here.

    script: whether a Python file may be opened; its text must not be sent.
    Raises NotServed also for a file outside of the place's root.
    """
    real = place.check()
    source, status = open_regular(place.path)
    if not script and (is_script(place.path) or is_script(real)):
        source.close()
        raise NotServed("a Python file is run, not sent")
    return source, status


def open_file(place: Place, script: bool = False
              ) -> Tuple[Any, os.stat_result]:
    """Opens the file of a request by `open_below`.  Raises HTTPException 403
    or 404 if that is not possible.
    """
    try:
        return open_below(place, script)
    except OSError as e:
        raise not_found(e) from None


class FilePart(PartView):
    """Part of a file as a file of its own: length octets from offset on.

    As the content of a response, it is sent from the descriptor in pieces, not
    read as a whole.  The file is closed when its last part is gone.
    """

    def __init__(self, source: Any, offset: int, length: int) -> None:
        super().__init__(length)
        self.source = source
        self.offset = offset

    def fileno(self) -> int:
        """Returns the descriptor of the whole file."""
        fd: int = self.source.fileno()
        return fd

    def _read_at(self, position: int, size: int) -> bytes:
        data = os.pread(self.fileno(), size, self.offset + position)
        if not data:
            raise OSError("the file has become shorter")
        return data

    def readall(self) -> bytes:
        parts: List[bytes] = []
        while True:
            data = self.read(1 << 20) or b""
            if not data:
                return b"".join(parts)
            parts.append(data)

    def part(self, start: int, end: int) -> "FilePart":
        """Returns the octets from start to end (exclusive) of this part."""
        return FilePart(self.source, self.offset + start, end - start)


class FileParts(List[Union[bytes, FilePart]]):
    """Content of octets and parts of files, in the order of sending."""

    @property
    def length(self) -> int:
        """The length of the whole content in octets."""
        return sum(item.length if isinstance(item, FilePart) else len(item)
                   for item in self)


def file_part(source: Any) -> Optional[FilePart]:
    """Returns the rest of an open binary file, from its position on; None
    unless it is a regular file and the rest is more than SMALL.
    """
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
    """Returns the media type that the file name's extension stands for."""
    extension = os.path.splitext(path)[1][1:].lower()
    return content_types.get(extension, "application/octet-stream")


def load_headers(place: Place, substitute: Callable[[bytes], bytes]
                 ) -> List[Tuple[bytes, bytes, str]]:
    """Returns the fields for a file, each with the file and line it is from:
    first those of its directory's `__dir__.headers`, then those of the file's
    own `.headers`.

    A `.sub.headers` replaces a `.headers`; its text goes through substitute.
    Raises ValueError for a file that is no list of fields, or must not be
    sent.
    """
    fields: List[Tuple[bytes, bytes, str]] = []
    directory = os.path.join(os.path.dirname(place.path), "__dir__")
    for base in (Place(directory, place.root), place):
        data = _read(base.plus(".sub.headers"))
        if data is not None:
            fields += parse_headers(substitute(data),
                                    base.path + ".sub.headers")
            continue
        data = _read(base.plus(".headers"))
        if data is not None:
            fields += parse_headers(data, base.path + ".headers")
    return fields


def has_headers(path: str) -> bool:
    """Returns whether a file exists that `load_headers` would read for this
    file; a dangling symbolic link counts too.
    """
    return any(os.path.lexists(base + ending)
               for base in (os.path.join(os.path.dirname(path), "__dir__"),
                            path)
               for ending in (".headers", ".sub.headers"))


def _read(place: Place) -> Optional[bytes]:
    try:
        os.lstat(place.path)        # cheap: most often there is no file
        with open_below(place)[0] as f:
            data: bytes = f.read()
            return data
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except NotServed as e:
        raise ValueError("%s: %s" % (place.path, e.message)) from None
    except OSError as e:
        if e.errno == errno.ENAMETOOLONG:
            return None     # the ending makes a very long name too long
        raise


def parse_headers(data: bytes, name: str) -> List[Tuple[bytes, bytes, str]]:
    """Returns the fields of lines "Name: value", each with its file and line.

    name: the file's.  Raises ValueError, with file and line, for other lines.
    """
    fields = []
    for number, line in enumerate(data.split(b"\n"), 1):
        line = line.strip()
        if not line:
            continue
        key, colon, value = line.partition(b":")
        if not colon:
            raise ValueError("%s, line %d: expected \"Name: value\", not %r"
                             % (name, number, line))
        fields.append((key.strip(), value.strip(),
                       "%s, line %d" % (name, number)))
    return fields


def directory_listing(path: str, url_path: str) -> str:
    """Returns a page (UTF-8) with links to the entries of the directory."""
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
