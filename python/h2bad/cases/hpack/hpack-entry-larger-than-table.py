# SPDX-License-Identifier: MIT
"""An entry that is larger than the dynamic table

What the server sends
    A field block that sets the dynamic table to 100 octets, inserts a field
    of 200 octets, and then a small one; and trailers that refer to the
    small one.

What a client must do
    "It is not an error to attempt to add an entry that is larger than the
    maximum size; an attempt to add an entry larger than the maximum size
    causes the table to be emptied of all existing entries and results in an
    empty table." (RFC 7541 §4.4)

Why it matters
    A decoder that evicts until there is room never finds any, or keeps more
    than it is allowed to.
"""
from h2bad.case import OK, field, integer

section = "RFC 7541 §4.4"
kind = "must"
expect = OK()


def misbehave(x):
    x.need_table(100)
    x.headers(block=integer(100, 5, 0x20) + b"\x88"
              + field("x-large", "a" * 161, 0x40)
              + field("x-small", "1", 0x40))
    x.data("hello, world\n")
    x.later(x.headers, block=b"\xbe", end=True)
