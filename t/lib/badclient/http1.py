# SPDX-License-Identifier: MIT
"""HTTP/1.1 (RFC 9112) with one request on each connection, for a server that
selected it by ALPN or asked for it (HTTP_1_1_REQUIRED)."""
import re
from typing import Any, List, Optional, Tuple

from badclient.rules import Rules

HEAD_LIMIT = 65536
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9][0-9])(?: [^\r\n]*)?")
FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*"
                        rb"([^\r\n\0]*?)[ \t]*")


class Engine:
    """One connection, with the same methods as http2.Engine."""

    last: Optional[int] = None
    settings_seen = faulted = True

    def __init__(self, rules: Rules) -> None:
        self.out, self.buffer = bytearray(), b""
        self.dead, self.exchange = "", None     # type: str, Any
        self.used = self.reused = False
        self.left: Optional[int] = None         # octets of content or chunk
        self.chunked = False

    def can_open(self) -> bool:
        return not self.dead and not self.used

    def active(self) -> List[Any]:
        return [self.exchange] if self.exchange else []

    def open(self, exchange: Any) -> None:
        """Sends the request, with its content."""
        self.exchange, self.used = exchange, True
        fields = dict(exchange.fields())
        lines = [exchange.method + b" " + fields[b":path"] + b" HTTP/1.1",
                 b"host: " + fields[b":authority"], b"connection: close"]
        lines += [name + b": " + value for name, value in exchange.fields()
                  if not name.startswith(b":") and name != b"expect"]
        self.out += b"\r\n".join(lines) + b"\r\n\r\n" + exchange.upload.take(
            1 << 30)

    def cancel(self, exchange: Any) -> None:
        self.closed("given up")

    def leave(self) -> None:
        self.closed("left")

    def unwanted(self, what: str) -> None:
        """Ignores what: TLS 1.2 may renegotiate under HTTP/1.1."""

    def produce(self, now: float, backlog: int, quiet: bool = True) -> None:
        """Does nothing: open() has sent everything."""

    def closed(self, how: str) -> None:
        exchange, self.exchange = self.exchange, None
        self.dead = self.dead or how
        if exchange and exchange.status and self.left is None \
                and not self.chunked and how in ("FIN", "close_notify"):
            exchange.complete()
        elif exchange:
            exchange.fail(f"HTTP/1.1: {how}", None, False, False)

    def receive(self, octets: bytes) -> None:
        """Takes octets that have come."""
        self.buffer += octets
        try:
            while self.exchange and not self.exchange.status:
                if not self._head():
                    return
            self._content()
        except ValueError as e:
            self.closed(f"not HTTP/1.1: {e}")

    def _head(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > HEAD_LIMIT or not b"HTTP/1.".startswith(
                    self.buffer[:7]):
                raise ValueError(f"{self.buffer[:16]!r}")
            return False
        first, *lines = self.buffer[:end].split(b"\r\n")
        self.buffer = self.buffer[end + 4:]
        start = STATUS_LINE.fullmatch(first)
        found = [FIELD_LINE.fullmatch(line) for line in lines]
        if not start or not all(found):
            raise ValueError(f"{first[:60]!r}")
        fields = [(m[1].lower(), m[2]) for m in found if m]
        status = int(start[1])
        if status < 200:
            self.exchange.informational(status)
            return True
        self.left, self.chunked = self._framing(status, fields)
        self.exchange.head(status, fields)
        return True

    def _framing(self, status: int, fields: List[Tuple[bytes, bytes]]
                 ) -> Tuple[Optional[int], bool]:
        if self.exchange.method == b"HEAD" or status in (204, 304):
            return 0, False
        lengths = {v for n, v in fields if n == b"content-length"}
        coding = [v for n, v in fields if n == b"transfer-encoding"]
        if coding:
            if coding != [b"chunked"] or lengths:
                raise ValueError(f"transfer-encoding {coding!r}")
            return None, True
        if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]{1,18}", v)
                                       for v in lengths):
            raise ValueError(f"content-length {lengths!r}")
        return (int(lengths.pop()) if lengths else None), False

    def _content(self) -> None:
        while self.exchange and (self.buffer or self.left == 0):
            if self.chunked and self.left is None:
                line, found, rest = self.buffer.partition(b"\r\n")
                if not found:
                    return None
                self.left, self.buffer = int(line.split(b";")[0], 16), rest
                if self.left == 0:              # no trailers are read
                    self.chunked = False
                    continue
            size = len(self.buffer) if self.left is None else self.left
            part, self.buffer = self.buffer[:size], self.buffer[size:]
            if self.left is not None:
                self.left -= len(part)
            if not self.exchange.data(part):
                return self.closed("given up")
            if self.left == 0 and self.chunked:
                if len(self.buffer) < 2:
                    return None
                self.left, self.buffer = None, self.buffer[2:]
            elif self.left == 0:
                exchange, self.exchange = self.exchange, None
                exchange.complete()
                self.closed("complete")
        return None
