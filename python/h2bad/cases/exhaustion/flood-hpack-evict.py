# SPDX-License-Identifier: MIT
"""Insertions that each empty the table

What the server sends
    HEADERS without END_HEADERS, and CONTINUATION frames of four insertions of
    4,000 octets: each empties the dynamic table. It stops after 64 MiB,
    30,000 frames or 3 seconds.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    A table that moves its entries at each insertion spends its time there.
"""
from h2bad.case import D, field, frame

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.need_table(4096)
    x.headers(end_headers=False)
    x.flood(frame("CONTINUATION", 0, x.s, field("x-evict", "a" * 4000, 0x40)
                  * 4))
    x.continuation()
