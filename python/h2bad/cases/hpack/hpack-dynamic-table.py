# SPDX-License-Identifier: MIT
"""Twenty responses out of one dynamic table

What the server sends
    Twenty responses. Every other one inserts its content-length and three
    long fields into the dynamic table, and the next one consists of
    references to these; from the eighth on also to the oldest entry that is
    left.

What a client must do
    "Before a new entry is added to the dynamic table, entries are evicted
    from the end of the dynamic table until the size of the dynamic table is
    less than or equal to (maximum size - new entry size) or until the table
    is empty." (RFC 7541 §4.4)

Why it matters
    A decoder that counts sizes otherwise has other entries at an index: a
    wrong content-length or no entry at all, and in use the fields of
    another response.
"""
from h2bad.case import OK, block

section = "RFC 7541 §4.4"
kind = "must"
expect = OK()
needs = ("requests:20",)


FILLERS = [("x-filler", c * 300) for c in "abc"]


def misbehave(x):
    x.need_table(4096)
    stream = x.s
    for i in range(20):
        length = 10 + i // 2
        if i % 2 == 0:
            fields = block([("content-length", str(length)), *FILLERS], 0x40)
        else:       # the newest entry has the index 62
            fields = bytes(0x80 | n for n in (65, 64, 63, 62))
            fields += bytes([0x80 | 75] if i > 6 else [])
        x.headers(block=b"\x88" + fields, stream=stream)
        if i == 19:
            x.later(x.data, "." * length, stream, end=True)
        else:
            x.data("." * length, stream, end=True)
            stream = x.need_next().stream
