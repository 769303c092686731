# SPDX-License-Identifier: MIT
"""A dynamic table size update after a field

What the server sends
    A field block with `:status: 200`, and after it a dynamic table size
    update to 0.

What a client must do
    "This dynamic table size update MUST occur at the beginning of the first
    header block following the change to the dynamic table size." (RFC 7541
    §4.2) The sentence binds the sender; a decoder that follows it finds an
    update here that it has no rule for.
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    Clients differ, and a field block that one of two recipients can decode
    leaves them with different tables. A table of Bun issue 36343 names it
    as a violation that Bun took.
"""
from h2bad.case import C

section = "RFC 7541 §4.2"
kind = "should"
expect = C("COMPRESSION_ERROR")
wave = 1


def misbehave(x):
    x.headers(block=b"\x88\x20")
