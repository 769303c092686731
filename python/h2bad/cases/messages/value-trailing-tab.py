# SPDX-License-Identifier: MIT
"""A field value that ends with a tab

What the server sends
    HEADERS with `:status: 200` and the field `x-a` with the value `a`, HTAB,
    and five octets of DATA. The stream stays open.

What a client must do
    "A field value MUST NOT start or end with an ASCII whitespace character
    (ASCII SP or HTAB, 0x20 or 0x09)." (RFC 9113 §8.2.1) A response like this
    is malformed, and "Clients MUST NOT accept a malformed response." (RFC 9113
    §8.1.1)

Why it matters
    Recipients that keep the tab and those that strip it see different values.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.1"
kind = "must"
expect = M()


def misbehave(x):
    x.held([(":status", "200"), ("x-a", "a\t")])
