# SPDX-License-Identifier: MIT
"""A field value of 10 MB

What the server sends
    A response with one field whose value has 10,000,000 octets.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    The length of a string comes before its octets: a client can refuse it
    before it has any of them.
"""
from h2bad.case import D, field

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.large_block(b"\x88" + field("x-huge", "a" * 10000000, 0x10))
