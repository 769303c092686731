# SPDX-License-Identifier: MIT
"""A field name in upper case

What the server sends
    HEADERS with `:status: 200` and the field `X-Upper: a`, and five octets of
    DATA. The stream stays open.

What a client must do
    "A field name MUST NOT contain characters in the ranges 0x00-0x20,
    0x41-0x5a, or 0x7f-0xff (all ranges inclusive)." (RFC 9113 §8.2.1) A
    response like this is malformed, and "Clients MUST NOT accept a malformed
    response." (RFC 9113 §8.1.1)

Why it matters
    A proxy that forwards what it has not checked lets two recipients see two
    different messages.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.1"
kind = "must"
expect = M()
wave = 1


def misbehave(x):
    x.held([(":status", "200"), ("X-Upper", "a")])
