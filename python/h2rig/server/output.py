# SPDX-License-Identifier: MIT
"""What scripts print: lines of sys.stdout and sys.stderr as records of the
log, "script output".

Each thread has a line of its own under construction, as functions of a
connection's streams print at the same time.  A line without its end becomes a
record when it is flushed, when it is long, or when the process ends.
"""

import io
import logging
import os
import sys
import threading
from typing import Any, BinaryIO, Dict, List, cast

import _h2rig

__all__ = ["drain", "install", "script_logger"]

#: octets of a line that are kept together; the log has a bound of its own
LINE_MAX = 4000


class LogLines(io.BufferedIOBase):
    """A binary stream whose lines are records of the log.

    level: of the records; fileno: the descriptor that is said to be behind
    it, which programs that a script starts inherit.
    """

    def __init__(self, level: str, fileno: int) -> None:
        super().__init__()
        self._level = level
        self._fileno = fileno
        self._partial: Dict[int, bytes] = {}

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fileno

    def isatty(self) -> bool:
        return False

    def write(self, data: Any) -> int:
        octets = bytes(data)
        me = threading.get_ident()
        text = self._partial.pop(me, b"") + octets
        end = text.rfind(b"\n") + 1
        if len(text) - end > LINE_MAX:
            end = len(text)
        if end:
            _h2rig.log(self._level, text[:end], "script output")
        if end < len(text):
            self._partial[me] = text[end:]
        return len(octets)

    def flush(self) -> None:
        """The calling thread's line becomes a record as it is."""
        text = self._partial.pop(threading.get_ident(), b"")
        if text:
            _h2rig.log(self._level, text, "script output")

    def drain(self) -> None:
        """All threads' lines do."""
        for me in list(self._partial):
            text = self._partial.pop(me, b"")
            if text:
                _h2rig.log(self._level, text, "script output")

    def forget_others(self) -> None:
        """In a process that was forked: their owners are elsewhere."""
        text = self._partial.pop(threading.get_ident(), b"")
        self._partial.clear()
        if text:
            self._partial[threading.get_ident()] = text


_lines = [LogLines("info", 1), LogLines("warn", 2)]

#: what sys.stdout and sys.stderr are until a script sets them
_texts: List[io.TextIOWrapper] = []


class _Records(logging.Handler):
    # What a script gives to a logger, as records of the log.

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:
            self.handleError(record)    # which says it on sys.stderr
            return
        level = ("error" if record.levelno >= logging.ERROR else
                 "warn" if record.levelno >= logging.WARNING else
                 "info" if record.levelno >= logging.INFO else "debug")
        _h2rig.log(level, text.encode("utf-8", "backslashreplace"))


#: `response.logger`
script_logger = logging.getLogger("h2rig.script")
script_logger.addHandler(_Records())
script_logger.setLevel(logging.DEBUG)
script_logger.propagate = False


def install() -> None:
    """Puts them in the place of sys.stdout and sys.stderr."""
    _texts[:] = [io.TextIOWrapper(cast(BinaryIO, lines), encoding="utf-8",
                                  errors="backslashreplace", newline="\n",
                                  write_through=True)
                 for lines in _lines]
    sys.stdout, sys.stderr = _texts
    for lines in _lines:
        os.register_at_fork(after_in_child=lines.forget_others)


def drain() -> None:
    """What no newline has ended yet, and what scripts have put in the place
    of sys.stdout and sys.stderr; the process is about to leave.
    """
    for name in "stdout", "stderr":
        try:
            f = getattr(sys, name)
            if f not in _texts:  # they write through
                f.flush()
        except BaseException:
            # Whatever it is, there is nobody left whom it could concern.
            pass
    for lines in _lines:
        if lines._partial:
            lines.drain()
