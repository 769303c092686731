# SPDX-License-Identifier: MIT
"""Puts what scripts print and log in the log: lines of sys.stdout and
sys.stderr, and records of `response.logger`, become records of the log.

Each thread has its own unfinished line, since functions of several streams may
print at the same time.  An unfinished line becomes a record when it is
flushed, when it is long, or when the process ends.
"""

import io
import logging
import os
import sys
import threading
from typing import Any, BinaryIO, Dict, List, cast

import _h2rig

__all__ = ["drain", "install", "script_logger"]

#: A longer unfinished line, in octets, becomes a record.  The log has a limit
#: of its own.
LINE_MAX = 4000


class LogLines(io.BufferedIOBase):
    """A binary stream whose lines become records of the log.

    level: the level of the records.  fileno: the descriptor that stands for
    this stream in the programs that a script starts.
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
        """Makes a record of the calling thread's unfinished line."""
        text = self._partial.pop(threading.get_ident(), b"")
        if text:
            _h2rig.log(self._level, text, "script output")

    def drain(self) -> None:
        """Makes records of the unfinished lines of all threads."""
        for me in list(self._partial):
            text = self._partial.pop(me, b"")
            if text:
                _h2rig.log(self._level, text, "script output")

    def forget_others(self) -> None:
        """Drops the lines of other threads, in a process that a script has
        forked.
        """
        text = self._partial.pop(threading.get_ident(), b"")
        self._partial.clear()
        if text:
            self._partial[threading.get_ident()] = text


_lines = [LogLines("info", 1), LogLines("warn", 2)]

#: The server's own sys.stdout and sys.stderr; a script may set others.
_texts: List[io.TextIOWrapper] = []


class _Records(logging.Handler):
    # Puts the records of a Python logger in the log.

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:
            self.handleError(record)    # reports it on sys.stderr
            return
        level = ("error" if record.levelno >= logging.ERROR else
                 "warn" if record.levelno >= logging.WARNING else
                 "info" if record.levelno >= logging.INFO else "debug")
        _h2rig.log(level, text.encode("utf-8", "backslashreplace"))


#: The logger that is `response.logger`.
script_logger = logging.getLogger("h2rig.script")
script_logger.addHandler(_Records())
script_logger.setLevel(logging.DEBUG)
script_logger.propagate = False


def install() -> None:
    """Sets sys.stdout and sys.stderr to streams that write to the log."""
    _texts[:] = [io.TextIOWrapper(cast(BinaryIO, lines), encoding="utf-8",
                                  errors="backslashreplace", newline="\n",
                                  write_through=True)
                 for lines in _lines]
    sys.stdout, sys.stderr = _texts
    for lines in _lines:
        os.register_at_fork(after_in_child=lines.forget_others)


def drain() -> None:
    """Flushes unfinished lines, and the files that scripts have set as
    sys.stdout and sys.stderr, before the process ends.
    """
    for name in "stdout", "stderr":
        try:
            f = getattr(sys, name)
            if f not in _texts:     # these write through
                f.flush()
        except BaseException:
            # The process ends: an error here has no consequence.
            pass
    for lines in _lines:
        if lines._partial:
            lines.drain()
