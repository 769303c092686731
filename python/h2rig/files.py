# SPDX-License-Identifier: MIT
"""From a request's path to a file, and what is sent of files."""

import errno
import html
import os
import stat
from typing import Any, List, Optional, Tuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from h2rig.config import options
from h2rig.constants import content_types
from h2rig.errors import HTTPException

__all__ = ["decode_path", "directory_listing", "guess_content_type",
           "load_headers", "locate", "open_file"]

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


def locate(path: str, root: Optional[str] = None) -> str:
    """The file of a decoded path below root (the document root).

    HTTPException 404 if it leaves root, also by a symbolic link.  The file
    need not be there.
    """
    if root is None:
        root, real_root = options.doc_root, options.real_root
    else:
        real_root = os.path.realpath(root)
    full = os.path.join(root, path.lstrip("/"))
    real = os.path.realpath(full)
    if real != real_root and not real.startswith(
            real_root.rstrip("/") + "/"):
        raise HTTPException(404, "Not Found")
    return full


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


def guess_content_type(path: str) -> str:
    """The media type by the file name's extension."""
    extension = os.path.splitext(path)[1][1:].lower()
    return content_types.get(extension, "application/octet-stream")


def load_headers(path: str) -> List[Tuple[bytes, bytes]]:
    """The fields for a file: from `__dir__.headers` of its directory, then
    from the file's own `.headers`.
    """
    fields: List[Tuple[bytes, bytes]] = []
    for name in (os.path.join(os.path.dirname(path), "__dir__.headers"),
                 path + ".headers"):
        try:
            with open(name, "rb") as f:
                fields += parse_headers(f.read(), name)
        except (FileNotFoundError, NotADirectoryError):
            pass
    return fields


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
