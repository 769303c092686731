# SPDX-License-Identifier: MIT
"""50,000 names

What the server sends
    A response with 50,000 fields that all have different names and values of
    one octet.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    Hash tables and lists of names grow by each; a lookup that is linear makes
    it quadratic.
"""
from h2bad.case import D, field

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.large_block(b"\x88" + b"".join(field("x-%d" % i, "1", 0x10)
                                      for i in range(50000)))
