# SPDX-License-Identifier: MIT
"""A field name with a colon

What the server sends
    HEADERS with `:status: 200` and a field with the name `x:a`, and five
    octets of DATA. The stream stays open.

What a client must do
    "With the exception of pseudo-header fields, which have a name that starts
    with a single colon, field names MUST NOT include a colon (ASCII COLON,
    0x3a)." (RFC 9113 §8.2.1) A response like this is malformed, and "Clients
    MUST NOT accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    In HTTP/1.1 the first colon ends the name: the field `x:a` with the value
    `b` becomes the field `x` with the value `a: b`.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.1"
kind = "must"
expect = M()
wave = 2
security = "proxy"


def misbehave(x):
    x.held([(":status", "200"), ("x:a", "b")])
