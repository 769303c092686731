# SPDX-License-Identifier: MIT
"""Writes the seeds of the fuzzers' corpora, t/fuzz/corpus/NAME/seed-*.

    python3 t/fuzz/seeds.py t/fuzz/corpus

Inputs that fuzzing has found are kept beside them under other names.  The
formats are those of fuzz_session.c (four octets, then the frames after the
preface), fuzz_hpack.c (blocks, each after its length), fuzz_roundtrip.c
(commands) and fuzz_frame.c (frames).
"""
import os
import sys

# Header blocks as literals: static table indices and plain strings only.
GET = bytes([0x82, 0x87, 0x84, 0x41, 0x01]) + b"h"
POST = bytes([0x83, 0x87, 0x84, 0x41, 0x01]) + b"h"


def literal(name: bytes, value: bytes, first: int = 0x40) -> bytes:
    """Returns a literal field.  The first octet is 0x40 (indexed), 0x00 (not
    indexed) or 0x10 (never indexed)."""
    return (bytes([first, len(name)]) + name + bytes([len(value)]) + value)


CONNECT = (literal(b":method", b"CONNECT") + literal(b":protocol", b"websocket")
           + bytes([0x87, 0x84, 0x41, 0x01]) + b"h")


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Returns the octets of a frame."""
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags])
            + stream.to_bytes(4, "big") + payload)


def setting(ident: int, value: int) -> bytes:
    """Returns an entry of a SETTINGS payload."""
    return ident.to_bytes(2, "big") + value.to_bytes(4, "big")


def uint32(n: int) -> bytes:
    """Returns n as four octets."""
    return n.to_bytes(4, "big")


SETTINGS = frame(4, 0, 0)
ACK = frame(4, 1, 0)
GET1 = frame(1, 5, 1, GET)
POST1 = frame(1, 4, 1, POST)

SESSIONS = {
    "get": GET1,
    "get-twice": GET1 + frame(1, 5, 3, bytes([0x82, 0x87, 0x84, 0xbe])),
    "post": POST1 + frame(0, 0, 1, b"a" * 50) + frame(0, 1, 1, b"b"),
    "padded": POST1 + frame(0, 9, 1, bytes([3]) + b"data" + bytes(3)),
    "padded-headers": frame(1, 0x2d, 1, bytes([2]) + uint32(0) + b"\x0f" + GET
                            + bytes(2)),
    "trailers": POST1 + frame(0, 0, 1, b"x") + frame(1, 5, 1,
                                                     literal(b"t", b"1")),
    "continuation": frame(1, 1, 1, GET[:2]) + frame(9, 0, 1, GET[2:4])
                    + frame(9, 4, 1, GET[4:]),
    "settings": frame(4, 0, 0, setting(1, 0) + setting(1, 8192)
                      + setting(2, 0) + setting(3, 1) + setting(4, 0)
                      + setting(5, 20000) + setting(6, 100)) + ACK + GET1
                + frame(4, 0, 0, setting(4, 70000)),
    "window": frame(4, 0, 0, setting(4, 1)) + GET1
              + b"".join(frame(8, 0, 1, uint32(100)) for _ in range(5))
              + frame(8, 0, 0, uint32(0x7fff0000)),
    "negative-window": GET1 + frame(4, 0, 0, setting(4, 0))
                       + frame(8, 0, 1, uint32(5)),
    "reset": POST1 + frame(3, 0, 1, uint32(8)) + frame(0, 1, 1, b"late"),
    "ping": frame(6, 0, 0, b"12345678") + frame(6, 1, 0, b"12345678"),
    "goaway": GET1 + frame(7, 0, 0, uint32(0) + uint32(0) + b"bye"),
    "priority": frame(2, 0, 5, uint32(0x80000003) + b"\x10") + GET1
                + frame(16, 0, 0, uint32(1) + b"u=1, i"),
    "connect": frame(1, 4, 1, CONNECT) + frame(0, 0, 1, b"tunnel")
               + frame(0, 1, 1, b"end"),
    "unknown": frame(0x42, 0xff, 7, b"extension") + GET1,
    "push-promise": frame(5, 4, 1, uint32(2) + GET),
    "even-stream": frame(1, 5, 2, GET),
    "bad-block": frame(1, 5, 1, b"\xff\xff\xff\xff\xff"),
    "malformed": frame(1, 5, 1, bytes([0x82, 0x82]) + literal(b"Up", b"x")),
    "too-large": frame(0, 0, 1, b"")[:3] + GET1,
}

HPACKS = {
    "get": [GET],
    "indexed": [literal(b"name", b"value"), b"\xbe", b"\xbe\xbe"],
    "huffman": [bytes.fromhex("828684418cf1e3c2e5f23a6ba0ab90f4ff"),
                bytes.fromhex("828684be5886a8eb10649cbf")],
    "sizes": [b"\x20" + literal(b"a", b"b"), b"\x3f\xe1\x1f" + b"\x82"],
    "never": [literal(b"authorization", b"secret", 0x10)],
    "long": [literal(b"x", b"y" * 100, 0)],
    "wrong": [b"\x80", b"\xff\xff\xff\xff\xff\x0f", b"\x00\x85\xff\xff"],
}


def fields(*pairs: bytes) -> bytes:
    """Returns a block for fuzz_roundtrip.c.  Arguments: name, value, name,
    value ..."""
    octets = bytes([len(pairs) // 2])
    for name, value in zip(pairs[::2], pairs[1::2]):
        octets += bytes([len(name), len(value)]) + name + value
    return octets


ROUNDTRIPS = {
    "get": fields(b":method", b"GET", b":path", b"/", b"a", b"b") * 2,
    "sizes": fields(b"name", b"value") + b"\xfe\x00\x00"
             + fields(b"name", b"value") + b"\xfe\x10\x00"
             + fields(b"name", b"value") * 2,
    "sensitive": fields(b"authorization", b"secret", b"cookie", b"a=b"),
    "long": fields(b"x" * 100, b"y" * 255) * 20,
    "empty": fields(b"", b"") + fields(),
}


def write(directory: str, name: str, octets: bytes) -> None:
    """Writes one seed."""
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "seed-" + name), "wb") as f:
        f.write(octets)


def main() -> None:
    """Writes all seeds below the directory that the first argument names."""
    top = sys.argv[1]
    for i, (name, frames) in enumerate(SESSIONS.items()):
        # Each session has another behaviour of the application, and comes in
        # pieces of 256 octets or of one octet.
        for step in (255, 0):
            behaviour = (i * 37 + 16) & 0xff
            write(top + "/session", "%s-%d" % (name, step),
                  bytes([behaviour, step, 0, 0]) + SETTINGS + frames)
            write(top + "/session", "%s-gate-%d" % (name, step),
                  bytes([behaviour, step, (i * 73) & 0xff, 0xe4 + i])
                  + SETTINGS + frames + frame(6, 0, 0, b"12345678"))
            write(top + "/frame", name, frames)
    for name, octets in ROUNDTRIPS.items():
        write(top + "/roundtrip", name, octets)
    for name, blocks in HPACKS.items():
        write(top + "/hpack", name,
              b"".join(bytes([len(b)]) + b for b in blocks))


if __name__ == "__main__":
    main()
