# SPDX-License-Identifier: MIT
"""HPACK state after trailers

What the server sends
    A response whose fields and whose trailers insert an entry each. The
    next response refers to the older one, whose index counts both.

What a client must do
    "Entries are added as each header block is decompressed." (RFC 7541
    §2.3.2) Trailers are a field block as others: "Trailer fields are
    carried in a field block that also terminates the stream." (RFC 9113
    §8.1)

Why it matters
    A client that is not interested in trailers has to decode them
    nevertheless. Else the next response has a wrong length here, or no
    entry at all.
"""
from h2bad.case import OK, field

section = "RFC 9113 §4.3"
kind = "must"
expect = OK()


def misbehave(x):
    x.need_table(100)
    x.headers(block=b"\x88" + field("content-length", "13", 0x40))
    x.patience()
    with x.together():
        x.data("hello, world\n")
        x.headers(block=field("x-trailer", "1", 0x40), end=True)
    second = x.need_next()
    x.headers(block=b"\x88\xbf", stream=second.stream)
    x.passed()
    x.later(x.data, "hello, world\n", second.stream, end=True)
