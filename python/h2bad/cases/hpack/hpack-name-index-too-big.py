# SPDX-License-Identifier: MIT
"""A literal field whose name is beyond the tables

What the server sends
    A field block with `:status: 200` and a literal field that is to be
    inserted, with the name of the entry 191 and the value `a`, while the
    dynamic table is empty.

What a client must do
    "Indices strictly greater than the sum of the lengths of both tables
    MUST be treated as a decoding error." (RFC 7541 §2.3.3) The static table
    has 61 entries, and the dynamic table is empty.
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    Names are looked up by other code than whole fields, and its bounds are
    forgotten more easily.
"""
from h2bad.case import C, integer, string

section = "RFC 7541 §2.3.3"
kind = "must"
expect = C("COMPRESSION_ERROR")


def misbehave(x):
    x.headers(block=b"\x88" + integer(191, 6, 0x40) + string("a"))
