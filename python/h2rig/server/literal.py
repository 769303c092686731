# SPDX-License-Identifier: MIT
"""Reads the HTTP/1 responses that scripts write by `writer.write`, and those
of `.asis` files, which are written in the same way.
"""

import re
from typing import List, Optional, Tuple

__all__ = ["ChunkReader", "LiteralReader"]

#: The most octets of the status line and the header fields.
MAX_HEAD = 1 << 20

#: The most octets of the line that has a chunk's size.
MAX_LINE = 4096

_START = b"HTTP/1."
_status_line = re.compile(rb"HTTP/1\.\d+[ \t]+(\d{3})")
_size_begun = re.compile(rb"[ \t]*[0-9A-Fa-f]{0,15}[ \t]*(?:;.*)?\r?\Z")
_size_line = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\Z")


class LiteralReader:
    """Takes octets until it can tell whether they begin an HTTP/1 response.

    When `feed` or `finish` has returned true, either status is an int, fields
    are (name, value) pairs and rest is the octets after the head; or status is
    None, and rest is all octets, which are mere content.
    """

    def __init__(self) -> None:
        self.status: Optional[int] = None
        self.fields: List[Tuple[bytes, bytes]] = []
        self.rest = b""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> bool:
        """Takes more octets.  Returns whether it can tell now."""
        # The blank line may have begun in earlier octets.
        seen = max(len(self._buffer) - 3, 0)
        self._buffer += data
        head = self._buffer[:len(_START)]
        if head != _START[:len(head)]:
            self.rest = bytes(self._buffer)
            return True
        end = _blank_line.search(self._buffer, seen, MAX_HEAD)
        if end is not None:
            return self._parse(end.start(), end.end())
        if len(self._buffer) > MAX_HEAD:
            self.rest = bytes(self._buffer)
            return True
        return False

    def finish(self) -> bool:
        """Takes the octets so far as the whole head.  Returns true."""
        return self._parse(len(self._buffer), len(self._buffer))

    def _parse(self, end: int, rest: int) -> bool:
        lines = re.split(rb"\r?\n", bytes(self._buffer[:end]))
        status = _status_line.match(lines[0])
        if status is None or int(status.group(1)) < 100:
            self.rest = bytes(self._buffer)
            return True
        self.status = int(status.group(1))
        # Names, each with the lines of its value (obs-fold, RFC 9112 §5.2).
        folded: List[Tuple[bytes, List[bytes]]] = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if line[:1] in (b" ", b"\t") and folded:
                folded[-1][1].append(line.strip())
            elif colon:
                folded.append((name.strip(), [value.strip(b" \t")]))
        self.fields = [(name, b" ".join(values)) for name, values in folded]
        self.rest = bytes(self._buffer[rest:])
        return True


_blank_line = re.compile(rb"\r?\n\r?\n")


class ChunkReader:
    """Removes the framing of chunked content (RFC 9112 §7.1).

    All octets from the first one that breaks the framing on are content.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0            # offset in the buffer
        self._left = 0
        self._state = "size"

    def feed(self, data: bytes) -> bytes:
        """Takes more octets.  Returns the content that is known with them and
        was not returned before.
        """
        self._buffer = self._buffer[self._at:] + data
        self._at = 0
        out: List[bytes] = []
        while self._at < len(self._buffer) and self._step(out):
            pass
        return b"".join(out)

    def _step(self, out: List[bytes]) -> bool:
        # Makes one step of the state machine.  Returns False if it needs more
        # octets.
        at, size = self._at, len(self._buffer)
        if self._state == "plain":
            out.append(self._buffer[at:])
            self._at = size
        elif self._state == "end":
            self._at = size
        elif self._state == "data":
            self._at = min(at + self._left, size)
            out.append(self._buffer[at:self._at])
            self._left -= self._at - at
            if not self._left:
                self._state = "crlf"
        else:
            end = self._buffer.find(b"\n", at, at + MAX_LINE)
            if end >= 0:
                self._line(self._buffer[at:end].rstrip(b"\r"), end + 1)
            elif size - at < MAX_LINE and _size_begun.match(
                    self._buffer[at:]):
                return False
            else:
                self._state = "plain"
        return True

    def finish(self) -> bytes:
        """Returns the octets that were held back, if they are content: those
        in the place of a chunk's size.
        """
        held, self._buffer = self._buffer[self._at:], b""
        self._at = 0
        return held if self._state == "size" else b""

    def _line(self, line: bytes, rest: int) -> None:
        # Handles a line.  rest: the offset in the buffer behind it.
        size = _size_line.match(line)
        if self._state == "crlf" and not line:
            self._state = "size"
            self._at = rest
        elif self._state == "size" and size is not None:
            self._left = int(size.group(1), 16)
            self._state = "data" if self._left else "end"
            self._at = rest
        else:
            self._state = "plain"
