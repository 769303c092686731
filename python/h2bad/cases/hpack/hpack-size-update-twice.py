# SPDX-License-Identifier: MIT
"""Two dynamic table size updates

What the server sends
    A field block that begins with dynamic table size updates to 0 and to
    4,096 and inserts a field, and trailers that refer to it.

What a client must do
    "The final maximum size is always signaled, resulting in at most two
    dynamic table size updates." (RFC 7541 §4.2)

Why it matters
    It is how an encoder empties the table. A decoder that expects one
    update takes the second for an error, or keeps a table of size 0.
"""
from h2bad.case import OK, field, integer

section = "RFC 7541 §4.2"
kind = "must"
expect = OK()


def misbehave(x):
    x.need_table(4096)
    x.headers(block=integer(0, 5, 0x20) + integer(4096, 5, 0x20) + b"\x88"
              + field("x-inserted", "1", 0x40))
    x.data("hello, world\n")
    x.later(x.headers, block=b"\xbe", end=True)
