# SPDX-License-Identifier: MIT
"""A field name with an octet above 0x7f

What the server sends
    HEADERS with `:status: 200` and a field with the name `x`, 0x80, `a`
    (`?octet=ff`: with 0xff), and five octets of DATA. The stream stays open.

What a client must do
    "A field name MUST NOT contain characters in the ranges 0x00-0x20,
    0x41-0x5a, or 0x7f-0xff (all ranges inclusive)." (RFC 9113 §8.2.1) A
    response like this is malformed, and "Clients MUST NOT accept a malformed
    response." (RFC 9113 §8.1.1)

Why it matters
    Functions on characters with a sign read before the beginning of their
    tables; case folding may change the octet.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.1"
kind = "must"
expect = M()
wave = 2
security = "proxy"
params = {"octet": "80"}


def misbehave(x):
    name = b"x" + x.param_octet("octet") + b"a"
    x.held([(":status", "200"), (name, "b")])
