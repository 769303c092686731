# SPDX-License-Identifier: MIT
"""10,000 set-cookie fields

What the server sends
    A response with 10,000 `set-cookie` fields, whose values have 26 octets.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    Cookies are the one field that a client keeps when the response is
    forgotten.
"""
from h2bad.case import D, field

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.large_block(b"\x88" + b"".join(
        field("set-cookie", "name%05d=value; Path=/bad" % i)
        for i in range(10000)))
