# SPDX-License-Identifier: MIT
"""Octets of HTTP/2, right or wrong: frames, and field blocks without state.

A field block that is made here leaves the dynamic tables of both sides as they
are (unless indexing is 0x40), so that a case sends the same octets whatever
came before.
"""

import struct
from typing import Iterable, Sequence, Tuple, Union

__all__ = ["CODES", "FLAGS", "SETTINGS", "STREAM", "TYPES", "Text", "block",
           "code", "entries", "field", "frame", "integer", "octets", "setting",
           "string"]

Text = Union[str, bytes]

#: Mask of the bits of a stream identifier (RFC 9113 §4.1)
STREAM = (1 << 31) - 1
#: RFC 9113 §6, RFC 7838 §4, RFC 8336 §2, RFC 9218 §7.1
TYPES = {"DATA": 0, "HEADERS": 1, "PRIORITY": 2, "RST_STREAM": 3,
         "SETTINGS": 4, "PUSH_PROMISE": 5, "PING": 6, "GOAWAY": 7,
         "WINDOW_UPDATE": 8, "CONTINUATION": 9, "ALTSVC": 10, "ORIGIN": 12,
         "PRIORITY_UPDATE": 16}
FLAGS = {"ACK": 1, "END_STREAM": 1, "END_HEADERS": 4, "PADDED": 8,
         "PRIORITY": 32}
#: RFC 9113 §6.5.2, RFC 8441 §3, RFC 9218 §2.1
SETTINGS = {"HEADER_TABLE_SIZE": 1, "ENABLE_PUSH": 2,
            "MAX_CONCURRENT_STREAMS": 3, "INITIAL_WINDOW_SIZE": 4,
            "MAX_FRAME_SIZE": 5, "MAX_HEADER_LIST_SIZE": 6,
            "ENABLE_CONNECT_PROTOCOL": 8, "NO_RFC7540_PRIORITIES": 9}
#: RFC 9113 §7
CODES = {"NO_ERROR": 0, "PROTOCOL_ERROR": 1, "INTERNAL_ERROR": 2,
         "FLOW_CONTROL_ERROR": 3, "SETTINGS_TIMEOUT": 4, "STREAM_CLOSED": 5,
         "FRAME_SIZE_ERROR": 6, "REFUSED_STREAM": 7, "CANCEL": 8,
         "COMPRESSION_ERROR": 9, "CONNECT_ERROR": 10,
         "ENHANCE_YOUR_CALM": 11, "INADEQUATE_SECURITY": 12,
         "HTTP_1_1_REQUIRED": 13}


def octets(text: Text) -> bytes:
    """Returns text in ISO 8859-1, in which every octet can be written."""
    return text if isinstance(text, bytes) else text.encode("latin-1")


def code(name: Union[str, int]) -> int:
    """An error code by its name."""
    return name if isinstance(name, int) else CODES[name]


def setting(name: Union[str, int]) -> int:
    """A setting's identifier by its name."""
    return name if isinstance(name, int) else SETTINGS[name]


def entries(pairs: Iterable[Tuple[Union[str, int], int]]) -> bytes:
    """The payload of SETTINGS (RFC 9113 §6.5.1)."""
    return b"".join(struct.pack(">HI", setting(name), value)
                    for name, value in pairs)


def frame(type: Union[str, int], flags: Union[str, int, Sequence[str]] = 0,
          stream: int = 0, payload: bytes = b"",
          length: int = -1) -> bytes:
    """A frame (RFC 9113 §4.1).

    flags: a number, a name, or several names.  stream: 32 bits, so that the
    reserved bit can be set.  length: what the header says; -1: the length of
    payload.
    """
    if isinstance(flags, str):
        flags = (flags,)
    if not isinstance(flags, int):
        flags = sum(FLAGS[name] for name in flags)
    length = len(payload) if length < 0 else length
    return struct.pack(">BHBBI", length >> 16, length & 0xffff,
                       TYPES[type] if isinstance(type, str) else type,
                       flags, stream) + payload


def integer(value: int, prefix: int, pattern: int = 0) -> bytes:
    """An integer with an N-bit prefix (RFC 7541 §5.1).

    prefix: N.  pattern: the bits before the prefix.
    """
    most = (1 << prefix) - 1
    if value < most:
        return bytes([pattern | value])
    made = bytearray([pattern | most])
    value -= most
    while value >= 0x80:
        made.append(value & 0x7f | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def string(text: Text) -> bytes:
    """A string literal without Huffman coding (RFC 7541 §5.2)."""
    return integer(len(octets(text)), 7) + octets(text)


def field(name: Text, value: Text, indexing: int = 0x00) -> bytes:
    """A literal field (RFC 7541 §6.2).

    indexing: 0x40 inserts it into the dynamic table, 0x10 is "never indexed".
    """
    return bytes([indexing]) + string(name) + string(value)


def block(fields: Iterable[Tuple[Text, Text]], indexing: int = 0x00) -> bytes:
    """A field block.

    `:status: 200` is sent as its index, unless indexing is given; all other
    fields are literals.
    """
    return b"".join(
        b"\x88" if (octets(n), octets(v)) == (b":status", b"200") and
        not indexing else field(n, v, indexing) for n, v in fields)
