# SPDX-License-Identifier: MIT
"""A field name with CR and LF

What the server sends
    HEADERS with `:status: 200` and a field with the name `x`, CR, LF,
    `injected`, and five octets of DATA. The stream stays open.

What a client must do
    "A field name MUST NOT contain characters in the ranges 0x00-0x20,
    0x41-0x5a, or 0x7f-0xff (all ranges inclusive)." (RFC 9113 §8.2.1) A
    response like this is malformed, and "Clients MUST NOT accept a malformed
    response." (RFC 9113 §8.1.1)

Why it matters
    Forwarded to HTTP/1.1 the response has one more field than the server sent,
    and one that it chooses: header injection, or a second response.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.1"
kind = "must"
expect = M()
wave = 2
security = "proxy"


def misbehave(x):
    x.held([(":status", "200"), ("x\r\ninjected", "1")])
