# SPDX-License-Identifier: MIT
"""A string that is longer than its field block

What the server sends
    A field block with `:status: 200` and a literal field whose name is said
    to have 5 octets; 2 follow, and the block ends.

What a client must do
    "The number of octets used to encode the string literal, encoded as an
    integer with a 7-bit prefix" (RFC 7541 §5.2) comes before the string:
    this one has fewer octets than it says, so the block cannot be decoded.
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    A decoder that trusts the length reads what lies behind the frame.
"""
from h2bad.case import C

section = "RFC 7541 §5.2"
kind = "must"
expect = C("COMPRESSION_ERROR")
wave = 1


def misbehave(x):
    x.headers(block=b"\x88\x00\x05ab")
