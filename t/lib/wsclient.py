# SPDX-License-Identifier: MIT
"""WebSockets (RFC 8441) of a rawclient.Client, octet by octet."""
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
WS = os.path.join(HERE, "..", "ws-scripts")
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
ENABLE_CONNECT_PROTOCOL = 8
CANCEL = 8
VERSION = ("sec-websocket-version", "13")
DEFLATE = "permessage-deflate"


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x11\x22\x33\x44"):
    """A frame as a client sends it (RFC 6455 §5.2)."""
    bit = 0x80 if mask else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 1 << 16:
        head += struct.pack(">BH", bit | 126, len(payload))
    else:
        head += struct.pack(">BQ", bit | 127, len(payload))
    if mask:
        key = (mask * (len(payload) // 4 + 1))[:len(payload)]
        payload = (int.from_bytes(payload, "big")
                   ^ int.from_bytes(key, "big")).to_bytes(len(payload), "big")
    return head + mask + payload


def close(code=None, reason=b""):
    """A Close frame."""
    return frame(CLOSE, b"" if code is None
                 else struct.pack(">H", code) + reason)


def frames(octets):
    """(first octet, payload) of each whole frame."""
    found = []
    while len(octets) >= 2:
        length, at = octets[1] & 0x7f, 2
        if length == 126:
            length, at = int.from_bytes(octets[2:4], "big"), 4
        elif length == 127:
            length, at = int.from_bytes(octets[2:10], "big"), 10
        if octets[1] & 0x80:
            at += 4
        if len(octets) < at + length:
            break
        found.append((octets[0], octets[at:at + length]))
        octets = octets[at + length:]
    return found


class Socket:
    """A WebSocket of a connection."""

    def __init__(self, c, path, *headers, version=VERSION):
        self.c = c
        c.wait_for(lambda: c.settings)
        self.x = c.open(path, "CONNECT", [
            (":protocol", "websocket"), *([version] if version else []),
            ("origin", "https://example.test"), *headers])
        c.wait_for(lambda: self.x.status or self.x.done)

    def send(self, *octets, end=False):
        """Each in a DATA frame of its own, or in as many as it takes."""
        octets = [piece[at:at + 16384] for piece in octets
                  for at in range(0, len(piece) or 1, 16384)]
        for i, piece in enumerate(octets):
            self.c.send_data(self.x.sid, piece, end and i == len(octets) - 1)
        return self

    def get(self, n):
        """What has come, once it is n frames (or the end)."""
        self.c.wait_for(lambda: len(frames(self.x.body)) >= n or self.x.done)
        return frames(self.x.body)

    def finish(self, n):
        """What has come when the stream has ended; and that it did."""
        self.c.wait_for(lambda: self.x.done)
        return frames(self.x.body), self.x.ended


def note(c, key):
    """What a handler of this connection has noted."""
    return json.loads(c.fetch("/note.py?wait=" + key.replace(
        " ", "+")).body or b'"none"')


def close_frame(code, reason=b""):
    """As the server sends it."""
    return (0x88, struct.pack(">H", code) + reason)


CLOSED = close_frame(1000)
