# SPDX-License-Identifier: MIT
"""Traces of a directory while a server writes them, as the console shows
them: what became of each connection, and its lines.

The console's own requests are left out: to show them makes more of them, which
would go on without end.
"""

import bisect
import errno
import json
import os
import re
import stat
import threading
import time
from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

from h2rig.trace.reader import NAME, WRONG, Line, is_gone, whole_lines

__all__ = ["Connections", "Lines", "TOP"]

#: Where the console is.
TOP = "/.h2rig"

#: Connections that are listed at once.
SHOWN = 200

#: Octets that are read of a trace, and of all, in one look.
PIECE, LOOK = 1 << 18, 1 << 21

#: Characters of a value, and lines of one kind, in the list.
LONG, MANY = 300, 8

#: A change of a directory may be missed within the steps of its clock,
#: nanoseconds.
STEP = 1_000_000_000

#: The beginning of a line as h2rig writes it, which is of its own making and
#: not of clients or scripts: direction, type, stream.
_BEGIN = re.compile(
    rb'\{"t":[0-9.]+,(?:"dir":"(in|out)",)?"type":"([^"]+)"'
    rb'(?:,"flags":\[[^]]*\])?(?:,"level":"[a-z]+")?'
    rb'(?:,"stream":([0-9]+))?')

#: In no other place: quotation marks of values have a backslash.
_OWN_PATH = b'[":path","%s/' % TOP.encode()

_PRIORITIZED = re.compile(rb',"length":[0-9]+,"prioritized":([0-9]+)')

_RAISED = b',"raised":'

_REQUEST = b"HEADERS", b"CONTINUATION"
_LAST = b"close", b"limit"

#: Fields that the list has of a request.
_SAID = ":method", ":path", ":authority", ":protocol"

#: Codes by which a client says that it only has enough.
_QUIET = ("NO_ERROR", "CANCEL", "REFUSED_STREAM")


class _Own:
    """Which lines of a trace are of the console."""

    def __init__(self) -> None:
        self.streams: Set[bytes] = set()

    def take(self, line: bytes) -> Tuple[bool, bytes, bytes]:
        """Whether a line is of the console, its direction (empty: none) and
        its type (empty: it is no line of h2rig).
        """
        match = _BEGIN.match(line)
        if match is None:
            return False, b"", b""
        way, kind, stream = match.groups()
        if way == b"in" and kind in _REQUEST and _OWN_PATH in line:
            self.streams.add(stream)
        if kind == b"PRIORITY_UPDATE":
            of = _PRIORITIZED.match(line, match.end())
            stream = of.group(1) if of else stream
        return stream in self.streams, way or b"", kind


def _shortened(line: Line) -> Line:
    # What the list says of it.
    short = {name: _short(value) for name, value in line.items()
             if name not in ("raw", "data", "fields")}
    if "fields" in line:
        short["fields"] = [[name, _short(value)] for name, value in
                           line["fields"] if name in _SAID]
    return short


def _short(value: Any) -> Any:
    if isinstance(value, dict) and "hex" in value:
        return {"hex": value["hex"][:2 * LONG]}
    return value[:LONG] if isinstance(value, str) else value


def _open(path: str) -> int:
    # A file, and not what a name of another one leads to, nor a FIFO.
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
                 | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "is no file")
    return fd


class _Summary:
    """A connection in the list: what its trace says of its end, and of what
    went wrong.
    """

    def __init__(self, directory: str, name: str) -> None:
        self.name = name
        self.over = False
        self.text = ""
        self._path = os.path.join(directory, name)
        found = NAME.fullmatch(name)
        self._pid = int(found.group(1)) if found else 0
        self._offset = 0
        self._own = _Own()
        self._lines: List[Line] = []
        self._first: Optional[Line] = None
        self._requests = self._faults = 0
        #: functions that run: the lines of their begins
        self._running: List[bytes] = []

    @property
    def hidden(self) -> bool:
        """Whether it has nothing but requests of the console."""
        return bool(self._own.streams) and self._requests == 0

    def read(self) -> int:
        """Takes what has come; how many octets that was.  OSError."""
        gone = is_gone(self._pid)       # then nothing comes after this look
        fd = _open(self._path)
        try:
            lines = whole_lines(fd, self._offset, PIECE)
        finally:
            os.close(fd)
        self._offset += len(lines)
        for line in lines.split(b"\n")[:-1]:
            try:
                self._take(line)
            except WRONG:       # no line of h2rig
                self._faults += 1
        if gone and not lines:
            self.over = True
            for line in self._running[-MANY:]:
                self._keep(line)
        if lines or self.over or not self.text:
            self.text = json.dumps({
                "name": self.name, "running": not self.over,
                "requests": self._requests, "faults": self._faults,
                "first": self._first, "lines": self._lines,
                "pid": self._pid})
        return len(lines)

    def _take(self, line: bytes) -> None:
        own, way, kind = self._own.take(line)
        if own:
            return
        if kind == b"begin":
            self._running.append(line)
        elif kind == b"end":
            self._end(line)
        elif way == b"in" and kind in _REQUEST:
            self._request(json.loads(line))
        elif way == b"in" and kind in (b"RST_STREAM", b"GOAWAY"):
            code = json.loads(line).get("code", "NO_ERROR")
            self._fault(line, code not in _QUIET)
        elif kind == b"raw":
            self._fault(line, json.loads(line)["error"].startswith("no "))
        elif kind == b"violation":
            self._fault(line, True)
        elif kind in (b"connection", b"handshake", *_LAST):
            self._keep(line)
            self.over = kind in _LAST

    def _end(self, line: bytes) -> None:
        # Begin and end say the same of stream, script and function.
        call, raised, _ = line[line.index(b'"stream":'):].partition(_RAISED)
        call = call.rstrip(b"}")
        for i, begin in enumerate(self._running):
            if call in begin:
                del self._running[i]
                break
        if raised:
            self._fault(line, json.loads(line)["raised"] != "HTTPException")

    def _request(self, line: Line) -> None:
        if any(name == ":method" for name, _ in line.get("fields", ())):
            self._requests += 1
            self._first = self._first or _shortened(line)

    def _fault(self, line: bytes, is_one: bool) -> None:
        if is_one and self._faults < MANY:
            self._keep(line)
        self._faults += is_one

    def _keep(self, line: bytes) -> None:
        try:
            self._lines.append(_shortened(json.loads(line)))
        except WRONG:
            self._faults += 1


class Connections:
    """The traces of a directory."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._lock = threading.Lock()
        self._summaries: Dict[str, _Summary] = {}
        self._names: List[str] = []
        self._changed = 0

    def look(self, before: str) -> Tuple[Dict[str, str], bool, bool]:
        """The newest connections whose traces' names are before that one (of
        all, if it is empty): JSON of each by its name; whether there are older
        ones; whether more is still to be read.  OSError.
        """
        with self._lock:
            names = self._list()
            end = bisect.bisect_left(names, before) if before else len(names)
            names = names[max(0, end - SHOWN):end]
            shown: Dict[str, str] = {}
            left = LOOK
            for name in reversed(names):
                summary = self._summaries.get(name)
                if summary is None:
                    summary = _Summary(self.directory, name)
                    self._summaries[name] = summary
                try:
                    while left > 0 and not summary.over:
                        n = summary.read()
                        if n == 0:
                            break
                        left -= n
                except OSError:     # it has been removed
                    continue
                if summary.text and not summary.hidden:
                    shown[name] = summary.text
            self._forget(names)
            return shown, end > SHOWN, left <= 0

    def _list(self) -> List[str]:
        # A directory may have hundreds of thousands: it is read if it changes.
        changed = os.stat(self.directory).st_mtime_ns
        if changed != self._changed or time.time_ns() - changed < STEP:
            self._names = sorted(filter(NAME.fullmatch,
                                        os.listdir(self.directory)))
            self._changed = changed
        return self._names

    def _forget(self, shown: Iterable[str]) -> None:
        if len(self._summaries) > 4 * SHOWN:
            self._summaries = {name: self._summaries[name] for name in shown
                               if name in self._summaries}


class Lines:
    """The lines of one trace from an offset on, as they come.

    OSError if it cannot be opened; ValueError if no line begins there.
    """

    def __init__(self, path: str, offset: int) -> None:
        self.offset = 0
        #: why nothing more comes: "ended" or "gone"
        self.over = ""
        #: whether lines of the console have been left out
        self.left_out = False
        found = NAME.fullmatch(os.path.basename(path))
        self._pid = int(found.group(1)) if found else 0
        self._own = _Own()
        self._fd = _open(path)
        while self.offset < offset:
            text = whole_lines(self._fd, self.offset,
                               min(PIECE, offset - self.offset))
            if not text:
                break
            self._sort_out(text)
            self.offset += len(text)
        if self.offset != offset:
            self.close()
            raise ValueError(offset)

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self._fd)

    def read(self) -> List[bytes]:
        """Those that have come, up to `offset`; empty: none for now."""
        gone = is_gone(self._pid)       # then nothing comes after this look
        text = whole_lines(self._fd, self.offset, PIECE)
        if not text:
            self.over = "gone" if gone else ""
            return []
        lines, news = self._sort_out(text)
        # What the client's windows need for the console's own octets waits
        # for something else: to show it would need more.
        if lines and not news and len(text) < PIECE // 2 and not gone:
            return []
        self.offset += len(text)
        return lines

    def _sort_out(self, text: bytes) -> Tuple[List[bytes], bool]:
        # Those that are to be shown, and whether they are worth it.
        shown = []
        news = False
        for line in text.split(b"\n")[:-1]:
            own, way, kind = self._own.take(line)
            if own:
                self.left_out = True
                continue
            shown.append(line)
            news = news or not (self._own.streams and way == b"in"
                                and kind == b"WINDOW_UPDATE")
            if kind in _LAST:
                self.over = "ended"
        return shown, news
