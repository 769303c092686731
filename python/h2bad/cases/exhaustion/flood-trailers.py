# SPDX-License-Identifier: MIT
"""Trailers of 16 MB

What the server sends
    A response whose trailers have 16 MB.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    A limit on fields that only looks at the first block of a response is
    none.
"""
from h2bad.case import D, field

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.headers()
    x.data("hello")
    x.large_block(field("x-sum", "a" * 4000, 0x10) * 4000, end=True)
