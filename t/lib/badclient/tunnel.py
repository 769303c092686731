# SPDX-License-Identifier: MIT
"""What a client does in a tunnel: a WebSocket (RFC 8441, RFC 6455) or
octets after CONNECT.  Both send a greeting, and end the tunnel after
the first answer."""
import os
import time
from typing import Optional

from badclient.rules import Rules

GREETING = b"hello"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIN, MASKED = 0x80, 0x80
MESSAGE_LIMIT = 1 << 20


class Upload:
    """Octets that a request sends.  closed: no more will be added.  pause:
    seconds between two parts.  ready_at: nothing is sent before this time."""

    def __init__(self, data: bytes = b"", closed: bool = True,
                 pause: float = 0.0) -> None:
        self.data, self.at, self.closed = data, 0, closed
        self.pause, self.ready_at = pause, 0.0

    def add(self, octets: bytes, close: bool = False) -> None:
        """Adds octets; close: these are the last."""
        self.data, self.at = self.data[self.at:] + octets, 0
        self.closed = self.closed or close

    def take(self, most: int) -> bytes:
        """Returns the next octets, at most this many."""
        part = self.data[self.at:self.at + most]
        self.at += len(part)
        if part and self.pause:
            self.ready_at = time.monotonic() + self.pause
        return part

    def held(self, now: float) -> bool:
        """Returns whether nothing may be sent yet."""
        return now < self.ready_at

    @property
    def exhausted(self) -> bool:
        return self.closed and self.at == len(self.data)


class Tunnel:
    """A tunnel after CONNECT.  failed: why it failed, "" if it did not."""

    failed = ""

    def __init__(self, rules: Rules, upload: Upload) -> None:
        self.rules, self.upload = rules, upload

    def start(self) -> None:
        """Sends the greeting; the tunnel is open."""
        self.upload.add(GREETING)

    def data(self, octets: bytes) -> bool:
        """Takes octets that have come.  Returns False to reset the stream."""
        if octets and not self.upload.closed:
            self.upload.add(b"bye", close=True)
        return True

    def end(self) -> None:
        """Takes END_STREAM: ends our direction too."""
        self.upload.add(b"", close=True)


class WebSocket(Tunnel):
    """A WebSocket, after an extended CONNECT."""

    def __init__(self, rules: Rules, upload: Upload) -> None:
        super().__init__(rules, upload)
        self.buffer = bytearray()
        self.closing = False

    def _send(self, opcode: int, payload: bytes, close: bool = False) -> None:
        mask = os.urandom(4)
        masked = bytes(b ^ mask[i & 3] for i, b in enumerate(payload))
        self.upload.add(bytes([FIN | opcode, MASKED | len(payload)]) + mask
                        + masked, close)

    def start(self) -> None:
        self._send(TEXT, GREETING)

    def _close(self, code: int) -> None:
        if not self.closing:
            self.closing = True
            self._send(CLOSE, code.to_bytes(2, "big"), close=True)

    def end(self) -> None:
        if not self.closing and self.rules.keeps("websocket"):
            self.failed = "END_STREAM without a Close frame (1006)"
        super().end()

    def data(self, octets: bytes) -> bool:
        self.buffer += octets
        while not self.failed:
            head = self._head()
            if head is None:
                break
            start, length = head
            if len(self.buffer) < start + length:
                break
            first = self.buffer[0]
            payload = bytes(self.buffer[start:start + length])
            del self.buffer[:start + length]
            self._frame(first & 15, payload)
        return not self.failed

    def _head(self) -> Optional[tuple]:
        """Returns the index of the first frame's payload and its length, or
        None if its head is incomplete or wrong."""
        buffer = self.buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1] & 0x7f, 2
        if length >= 126:
            start = 4 if length == 126 else 10
            if len(buffer) < start:
                return None
            length = int.from_bytes(buffer[2:start], "big")
        if self.rules.keeps("websocket") and (
                buffer[0] & 0x70 or buffer[1] & MASKED
                or length > MESSAGE_LIMIT
                or buffer[0] & 15 not in (0, 1, 2, 8, 9, 10)
                or buffer[0] & 8 and (length > 125 or not buffer[0] & FIN)):
            self.failed = f"wrong WebSocket frame {bytes(buffer[:2]).hex()}"
            return None
        return start, length

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self._send(PONG, payload[:125])
        elif opcode == CLOSE or opcode in (TEXT, BINARY, CONTINUATION):
            self._close(1000)
