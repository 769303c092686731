# SPDX-License-Identifier: MIT
"""WebSockets (RFC 8441) on a rawclient.Client, at the level of frames."""
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
    """Returns the octets of a frame, masked unless mask is
    empty (RFC 6455 §5.2)."""
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
    """Returns the octets of a Close frame."""
    return frame(CLOSE, b"" if code is None
                 else struct.pack(">H", code) + reason)


def frames(octets):
    """Returns (first octet, payload) of each complete frame."""
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
    """A WebSocket on a connection.  x: its stream."""

    def __init__(self, c, path, *headers, version=VERSION):
        self.c = c
        c.wait_for(lambda: c.settings)
        self.x = c.open(path, "CONNECT", [
            (":protocol", "websocket"), *([version] if version else []),
            ("origin", "https://example.test"), *headers])
        c.wait_for(lambda: self.x.status or self.x.done)

    def send(self, *octets, end=False):
        """Sends each argument in its own DATA frames of up to 16384 octets."""
        octets = [piece[at:at + 16384] for piece in octets
                  for at in range(0, len(piece) or 1, 16384)]
        for i, piece in enumerate(octets):
            self.c.send_data(self.x.sid, piece, end and i == len(octets) - 1)
        return self

    def get(self, n):
        """Waits for n frames or the end of the stream.  Returns the frames."""
        self.c.wait_for(lambda: len(frames(self.x.body)) >= n or self.x.done)
        return frames(self.x.body)

    def finish(self, n):
        """Waits for the end of the stream.  Returns the frames, and whether
        END_STREAM came."""
        self.c.wait_for(lambda: self.x.done)
        return frames(self.x.body), self.x.ended


def note(c, key):
    """Returns what a handler of this connection has noted
    under key, or "none"."""
    return json.loads(c.fetch("/note.py?wait=" + key.replace(
        " ", "+")).body or b'"none"')


def close_frame(code, reason=b""):
    """Returns a Close frame of the server, as frames() shows it."""
    return (0x88, struct.pack(">H", code) + reason)


CLOSED = close_frame(1000)
