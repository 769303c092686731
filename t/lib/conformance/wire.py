# SPDX-License-Identifier: MIT
"""Makes frames and header blocks, right or wrong, for tables of cases.

Header blocks consist of literals without indexing and without Huffman code
(RFC 7541 6.2.2), so that a block does not depend on earlier blocks.
"""
import struct
from typing import Iterable, Optional, Tuple, Union

import rawclient
from rawclient import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM,
                       GOAWAY, HEADERS, PADDED, PING, PRIORITY, PUSH_PROMISE,
                       RST_STREAM, SETTINGS, WINDOW_UPDATE)

PRIORITY_UPDATE = 0x10                  # RFC 9218 7.1
ENABLE_CONNECT_PROTOCOL = 8             # RFC 8441 3
NO_RFC7540_PRIORITIES = 9               # RFC 9218 2.1
RESERVED = 1 << 31                      # the bit above a stream identifier
MAX = (1 << 31) - 1                     # of a window or a stream identifier

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, \
    SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, \
    CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, \
    INADEQUATE_SECURITY, HTTP_1_1_REQUIRED = range(14)
CODES = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR",
         "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
         "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
         "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"]

Octets = Union[bytes, str]
Field = Tuple[Octets, Octets]


def code_name(code: Optional[int]) -> str:
    """Returns the name of an error code, or its number if it has none."""
    if code is not None and code < len(CODES):
        return CODES[code]
    return str(code)


def frame(kind: int, flags: int = 0, sid: int = 0,
          payload: bytes = b"") -> bytes:
    """Returns the octets of any frame; sid has 32 bits, RESERVED included."""
    return rawclient.Frame(kind, flags, sid, payload).raw()


def octets(text: Octets) -> bytes:
    """Returns text as octets of ISO 8859-1."""
    return text if isinstance(text, bytes) else text.encode("latin-1")


def integer(value: int, prefix: int, bits: int = 0) -> bytes:
    """An HPACK integer (RFC 7541 5.1) with a prefix of this many bits; bits:
    those of the first octet above the prefix."""
    most = (1 << prefix) - 1
    if value < most:
        return bytes([bits | value])
    out = bytearray([bits | most])
    value -= most
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def string(text: Octets) -> bytes:
    """An HPACK string literal (RFC 7541 5.2), not Huffman-coded."""
    raw = octets(text)
    return integer(len(raw), 7) + raw


def literal(name: Octets, value: Octets, bits: int = 0x00) -> bytes:
    """A literal field with a literal name.  bits: 0x00 for one without
    indexing, 0x40 with indexing, 0x10 never indexed."""
    return bytes([bits]) + string(name) + string(value)


def block(fields: Iterable[Field]) -> bytes:
    """A header block of literal fields."""
    return b"".join(literal(n, v) for n, v in fields)


def pad(content: bytes, n: int) -> bytes:
    """A payload with its Pad Length octet and n octets of padding."""
    return bytes([n]) + content + bytes(n)


def request_fields(path: Octets = "/quick.py", method: Octets = "GET",
                   *more: Field) -> Tuple[Field, ...]:
    """Returns the fields of a well-formed request."""
    return ((":method", method), (":scheme", "https"), (":path", path),
            (":authority", "localhost"), *more)


GET_BLOCK = block(request_fields())
POST_BLOCK = block(request_fields(method="POST"))


def headers(sid: int, fields: Union[bytes, Iterable[Field]],
            end: bool = True, flags: int = END_HEADERS) -> bytes:
    """HEADERS with a block or fields; end: with END_STREAM."""
    payload = fields if isinstance(fields, bytes) else block(fields)
    return frame(HEADERS, flags | (END_STREAM if end else 0), sid, payload)


def get(sid: int, path: Octets = "/quick.py", *more: Field) -> bytes:
    """A whole GET request."""
    return headers(sid, request_fields(path, "GET", *more))


def post(sid: int, path: Octets = "/quick.py", *more: Field) -> bytes:
    """HEADERS of a POST request, without END_STREAM."""
    return headers(sid, request_fields(path, "POST", *more), end=False)


def continuation(sid: int, payload: bytes = b"", end: bool = True) -> bytes:
    """CONTINUATION; end: with END_HEADERS."""
    return frame(CONTINUATION, END_HEADERS if end else 0, sid, payload)


def in_frames(sid: int, octets: bytes, end_stream: bool = True) -> bytes:
    """A header block in HEADERS and the CONTINUATION frames that it needs."""
    parts = [octets[i:i + 16384] for i in range(0, len(octets), 16384)]
    last = len(parts) - 1
    return headers(sid, parts[0], end_stream,
                   0 if last else END_HEADERS) + b"".join(
        continuation(sid, part, i == last)
        for i, part in enumerate(parts) if i)


def data(sid: int, content: bytes = b"", end: bool = False) -> bytes:
    """DATA without padding; end: with END_STREAM."""
    return frame(DATA, END_STREAM if end else 0, sid, content)


def padded(sid: int, content: bytes, n: int, end: bool = False) -> bytes:
    """DATA with n octets of padding."""
    return frame(DATA, PADDED | (END_STREAM if end else 0), sid,
                 pad(content, n))


def priority(sid: int, on: int = 0, weight: int = 15) -> bytes:
    """PRIORITY; on: the stream dependency; weight: the octet on the wire."""
    return frame(PRIORITY, 0, sid, struct.pack(">IB", on, weight))


def rst(sid: int, code: int = CANCEL) -> bytes:
    """RST_STREAM."""
    return frame(RST_STREAM, 0, sid, struct.pack(">I", code))


def settings(*pairs: Tuple[int, int]) -> bytes:
    """SETTINGS."""
    return frame(SETTINGS, 0, 0,
                 b"".join(struct.pack(">HI", k, v) for k, v in pairs))


SETTINGS_ACK = frame(SETTINGS, ACK)


def ping(content: bytes = b"conforms", flags: int = 0) -> bytes:
    """PING."""
    return frame(PING, flags, 0, content)


def goaway(last: int = 0, code: int = NO_ERROR, debug: bytes = b"") -> bytes:
    """GOAWAY."""
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, code) + debug)


def window(sid: int, n: int) -> bytes:
    """WINDOW_UPDATE."""
    return frame(WINDOW_UPDATE, 0, sid, struct.pack(">I", n))


def priority_update(sid: int, value: Octets, on: int = 0) -> bytes:
    """PRIORITY_UPDATE (RFC 9218 7.1) for stream sid, sent on stream `on`."""
    return frame(PRIORITY_UPDATE, 0, on, struct.pack(">I", sid)
                 + octets(value))


def push_promise(sid: int, promised: int) -> bytes:
    """PUSH_PROMISE, which no client may send."""
    return frame(PUSH_PROMISE, END_HEADERS, sid,
                 struct.pack(">I", promised) + GET_BLOCK)


__all__ = [n for n in dir() if not n.startswith("_") and n != "rawclient"]
