# SPDX-License-Identifier: MIT
"""Reads traces, also while they grow."""

import json
import os
import re
import struct
from typing import Any, BinaryIO, Dict, Iterator, Mapping, NoReturn, Union

from h2rig.server.frametypes import FLAGS

__all__ = ["EX_DATAERR", "EX_NOINPUT", "NAME", "WRONG", "Follower", "Line",
           "Octets", "TraceError", "escaped", "flags", "is_gone", "number",
           "octets", "whole_lines"]

#: The version of the form of traces that this module reads.
VERSION = 1

#: The most octets of a line; the lines of h2rig are shorter.
LINE_MAX = 1 << 24

#: The exceptions that wrong values in a line cause.
WRONG = (ArithmeticError, AttributeError, LookupError, RecursionError,
         TypeError, ValueError, struct.error)

EX_DATAERR, EX_NOINPUT = 65, 66

#: A trace's name: the time when its connection was accepted, the process ID,
#: the client.
NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-(\d{1,10})-[0-9a-f.:]{1,45}-\d{1,5}"
                  r"\.jsonl", re.ASCII)

Line = Dict[str, Any]
Octets = Union[str, Dict[str, str]]


def number(name: str, names: Mapping[str, int]) -> int:
    """Returns the number of something that a line gives by its name, or by its
    number as "0x1f".
    """
    return names[name] if name in names else int(name, 16)


def flags(line: Line) -> int:
    """Returns the flags of a frame as a number."""
    return sum(number(name, FLAGS) for name in line["flags"])


def escaped(text: str) -> str:
    """Returns text with escapes for characters that could command a terminal.
    """
    return "".join(
        c if c.isprintable() else "\\x%02x" % ord(c) if ord(c) < 0x100
        else "\\u%04x" % ord(c) for c in text)


def is_gone(pid: int) -> bool:
    """Returns whether this machine has no process with that ID."""
    try:
        os.kill(pid, 0)
    except (OverflowError, ProcessLookupError):
        return True
    except OSError:
        pass
    return False


def whole_lines(fd: int, offset: int, most: int) -> bytes:
    """Returns the whole lines of a file from offset on: up to most octets, but
    the first line even if it is longer.
    """
    text = os.pread(fd, most, offset)
    end = text.rfind(b"\n") + 1
    if end == 0 and len(text) == most and most < LINE_MAX:
        return whole_lines(fd, offset, LINE_MAX)
    return text[:end]


class TraceError(Exception):
    """The file is no trace, or could not be read; the text says which and
    why.  status: the exit status of the program."""

    def __init__(self, text: str, status: int = EX_DATAERR) -> None:
        super().__init__(text)
        self.status = status


def octets(value: Octets) -> bytes:
    """Returns the octets that a line has as a string or as {"hex": digits}."""
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) \
        else value.encode()


class Follower:
    """A trace that may still grow."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.over = False
        self._number = self._pid = 0
        self._rest = b""
        try:
            self._file: BinaryIO = open(path, "rb")
        except OSError as e:
            self._fail(e)

    def _fail(self, e: OSError) -> NoReturn:
        raise TraceError("%s: %s" % (self.path, e.strerror), EX_NOINPUT)

    def lines(self) -> Iterator[Line]:
        """Yields the whole lines that have come since the last call."""
        # If the process that writes the trace (on this machine, it is assumed)
        # has gone now, this call sees the last lines.
        gone = self._pid != 0 and is_gone(self._pid)
        while True:
            try:
                text = self._file.readline(LINE_MAX)
            except OSError as e:
                self._fail(e)
            self._rest += text
            if len(self._rest) >= LINE_MAX:
                raise self._wrong(self._number + 1)
            if not self._rest.endswith(b"\n"):
                break
            text, self._rest = self._rest, b""
            self._number += 1
            yield self._parse(text)
        self.over = self.over or gone

    def _parse(self, text: bytes) -> Line:
        try:
            line = json.loads(text.decode("utf-8"))
            if self._number == 1:
                if (line["type"], line["version"]) != ("connection", VERSION):
                    raise ValueError
                self._pid = int(line["pid"])
            self.over = line["type"] in ("close", "limit")
            float(line["t"])
        except WRONG:
            raise self._wrong(self._number) from None
        return line

    def _wrong(self, number: int) -> TraceError:
        return TraceError("%s, line %d: expected a line of a trace that "
                          "h2rig --trace has written" % (self.path, number))

    def lacks(self, line: Line) -> TraceError:
        """Returns the error for a line that a reader finds wrong."""
        return TraceError("%s: a line lacks what its type has: %s"
                          % (self.path, escaped(json.dumps(line))))

    def complete(self) -> None:
        """Raises TraceError if what was read is no trace."""
        if self._number == 0 and self._rest:
            raise TraceError("%s: expected a trace that h2rig --trace has "
                             "written" % self.path)
