# SPDX-License-Identifier: MIT
"""An indexed field beyond the tables

What the server sends
    A field block with `:status: 200` and an indexed field with the index
    62, while the dynamic table is empty.

What a client must do
    "Indices strictly greater than the sum of the lengths of both tables
    MUST be treated as a decoding error." (RFC 7541 §2.3.3) The static table
    has 61 entries, and the dynamic table is empty.
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    It is the first index without an entry, where an error of one in a
    decoder's bounds reads a stale or foreign entry.
"""
from h2bad.case import C, integer

section = "RFC 7541 §2.3.3"
kind = "must"
expect = C("COMPRESSION_ERROR")


def misbehave(x):
    x.headers(block=b"\x88" + integer(62, 7, 0x80))
