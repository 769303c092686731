# SPDX-License-Identifier: MIT
"""A field value with a zero octet

What the server sends
    HEADERS with `:status: 200` and the field `x-a` with the value `a`, 0x00,
    `b`, and five octets of DATA. The stream stays open.

What a client must do
    "A field value MUST NOT contain the zero value (ASCII NUL, 0x00), line feed
    (ASCII LF, 0x0a), or carriage return (ASCII CR, 0x0d) at any position."
    (RFC 9113 §8.2.1) A response like this is malformed, and "Clients MUST NOT
    accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    RFC 9110 §5.5 alone would let a recipient replace it by a space; in HTTP/2
    the whole response is malformed. Where values are C strings this one is
    cut.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.1"
kind = "must"
expect = M()
security = "proxy"


def misbehave(x):
    x.held([(":status", "200"), ("x-a", "a\0b")])
