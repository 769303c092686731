# SPDX-License-Identifier: MIT
"""An indexed field with the index 0

What the server sends
    A field block with `:status: 200` and the octet 80: an indexed field
    whose index is 0.

What a client must do
    "The index value of 0 is not used. It MUST be treated as a decoding
    error if found in an indexed header field representation." (RFC 7541
    §6.1)
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    A decoder that subtracts 1 first reads in front of its table.
"""
from h2bad.case import C

section = "RFC 7541 §6.1"
kind = "must"
expect = C("COMPRESSION_ERROR")
wave = 1


def misbehave(x):
    x.headers(block=b"\x88\x80")
