# SPDX-License-Identifier: MIT
"""Reads the traces of a directory while a server writes them, for the console:
what became of each connection, and its lines.

The console's own requests are left out: showing them would cause more of them,
without end.
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

#: The path of the console.
TOP = "/.h2rig"

#: Connections that are listed at once.
SHOWN = 200

#: PIECE: octets that are read of a trace at a time.  LOOK: octets that are
#: read of all traces in one look.
PIECE, LOOK = 1 << 18, 1 << 21

#: In the list of connections: characters of a value, and lines of one kind.
LONG, MANY = 300, 8

#: Nanoseconds: the most that a step of a directory's clock takes.  A change
#: within the same step as the last one does not show in the directory's time.
STEP = 1_000_000_000

#: The beginning of a line: direction, type, stream.  h2rig makes this part
#: itself; nothing in it comes from clients or scripts.
_BEGIN = re.compile(
    rb'\{"t":[0-9.]+,(?:"dir":"(in|out)",)?"type":"([^"]+)"'
    rb'(?:,"flags":\[[^]]*\])?(?:,"level":"[a-z]+")?'
    rb'(?:,"stream":([0-9]+))?')

#: Only a field can have this: in values, quotation marks have a backslash.
_OWN_PATH = b'[":path","%s/' % TOP.encode()

_PRIORITIZED = re.compile(rb',"length":[0-9]+,"prioritized":([0-9]+)')

_RAISED = b',"raised":'

_REQUEST = b"HEADERS", b"CONTINUATION"
_LAST = b"close", b"limit"

#: The fields of a request that the list shows.
_SAID = ":method", ":path", ":authority", ":protocol"

#: Error codes by which a client only says that it needs no more.
_QUIET = ("NO_ERROR", "CANCEL", "REFUSED_STREAM")


class _Own:
    """Finds the lines of a trace that belong to requests of the console."""

    def __init__(self) -> None:
        self.streams: Set[bytes] = set()

    def take(self, line: bytes) -> Tuple[bool, bytes, bytes]:
        """Returns whether a line belongs to the console, its direction (empty
        if it has none) and its type (empty if it is no line of h2rig).
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
    # Returns the part of a line that the list shows.
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
    # Opens a regular file; refuses symbolic links and FIFOs.
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
                 | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "is no file")
    return fd


class _Summary:
    """A connection in the list: what its trace says about its end and about
    what went wrong.
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
        #: the `begin` lines of functions that are running
        self._running: List[bytes] = []

    @property
    def hidden(self) -> bool:
        """Whether the connection has only requests of the console."""
        return bool(self._own.streams) and self._requests == 0

    def read(self) -> int:
        """Reads what has come; returns the number of octets.  Raises OSError.
        """
        gone = is_gone(self._pid)       # if so, no line comes after this read
        fd = _open(self._path)
        try:
            lines = whole_lines(fd, self._offset, PIECE)
        finally:
            os.close(fd)
        self._offset += len(lines)
        for line in lines.split(b"\n")[:-1]:
            try:
                self._take(line)
            except WRONG:       # it is no line of h2rig
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
        # Begin and end of a call have the same stream, script and function.
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
        """Returns the newest connections: JSON of each by its trace's name;
        whether there are older ones; whether more is still to be read.

        before: takes only connections whose traces' names are before this
        name; empty: takes all.  Raises OSError.
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
                except OSError:     # the trace has been removed
                    continue
                if summary.text and not summary.hidden:
                    shown[name] = summary.text
            self._forget(names)
            return shown, end > SHOWN, left <= 0

    def _list(self) -> List[str]:
        # A directory may have hundreds of thousands of traces, so it is read
        # only if it has changed.
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

    Raises OSError if the trace cannot be opened, and ValueError if no line
    begins at the offset.
    """

    def __init__(self, path: str, offset: int) -> None:
        self.offset = 0
        #: why no more lines come: "ended" or "gone"; empty while they may come
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
        """Closes the file."""
        os.close(self._fd)

    def read(self) -> List[bytes]:
        """Returns the lines that have come, up to the new `offset`; an empty
        list if there are none for now.
        """
        gone = is_gone(self._pid)       # if so, no line comes after this read
        text = whole_lines(self._fd, self.offset, PIECE)
        if not text:
            self.over = "gone" if gone else ""
            return []
        lines, news = self._sort_out(text)
        # The client's WINDOW_UPDATE frames for the console's own octets are
        # held until other lines come: showing them would cause more of them.
        if lines and not news and len(text) < PIECE // 2 and not gone:
            return []
        self.offset += len(text)
        return lines

    def _sort_out(self, text: bytes) -> Tuple[List[bytes], bool]:
        # Returns the lines to show, and whether one of them is worth an event.
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
