# SPDX-License-Identifier: MIT
"""An HPACK index beyond 64 bits

What the server sends
    A field block with `:status: 200` and an indexed field whose index is an
    integer of eleven octets, with a value beyond 2^69.

What a client must do
    "Integer encodings that exceed implementation limits -- in value or
    octet length -- MUST be treated as decoding errors." (RFC 7541 §5.1)
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    CVE-2022-24667: a crafted HPACK integer ended programs with
    swift-nio-http2 by a trap. Where it does not trap, it wraps around to a
    small, legal index.
"""
from h2bad.case import C

section = "RFC 7541 §5.1"
kind = "must"
expect = C("COMPRESSION_ERROR")
wave = 1


def misbehave(x):
    x.headers(block=b"\x88" + b"\xff" * 11 + b"\x7f")
