# SPDX-License-Identifier: MIT
"""An insertion that evicts the entry of its name

What the server sends
    With a dynamic table of 64 octets, a field is inserted; then another one
    that takes its name from this entry, and for which the entry has to go.
    Trailers refer to the new entry.

What a client must do
    "A new entry can reference the name of an entry in the dynamic table
    that will be evicted when adding this new entry into the dynamic table.
    Implementations are cautioned to avoid deleting the referenced name if
    the referenced entry is evicted from the dynamic table prior to
    inserting the new entry." (RFC 7541 §4.4)

Why it matters
    Where the caution is not heeded, the name is read from memory that has
    been freed.
"""
from h2bad.case import OK, field, integer, string

section = "RFC 7541 §4.4"
kind = "must"
expect = OK()


def misbehave(x):
    x.need_table(64)
    x.headers(block=integer(64, 5, 0x20) + b"\x88"
              + field("x-evicted", "1", 0x40)
              + integer(62, 6, 0x40) + string("2"))
    x.data("hello, world\n")
    x.later(x.headers, block=b"\xbe", end=True)
