# SPDX-License-Identifier: MIT
"""A field block that ends after a name

What the server sends
    A field block with `:status: 200` and a literal field of which there is
    the name, and no value.

What a client must do
    A literal field has a name and a value: "The header field value is
    represented literally." (RFC 7541 §2.4) Where it is missing, the block
    cannot be decoded.
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    A decoder that takes the end of the block for an empty value, or reads
    on behind it, accepts fields that were cut off.
"""
from h2bad.case import C, string

section = "RFC 7541 §6.2.2"
kind = "must"
expect = C("COMPRESSION_ERROR")


def misbehave(x):
    x.headers(block=b"\x88\x00" + string("x-cut"))
