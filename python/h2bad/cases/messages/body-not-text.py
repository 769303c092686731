# SPDX-License-Identifier: MIT
"""A content type with an unknown charset

What the server sends
    A good response with `content-type: text/html; charset=bogus` and the
    octets 0x80 to 0xff as its content.

What a client must do
    No rule says what to do; that it is delivered is reported.

Why it matters
    A library that decodes text by itself may fail on the name, or on the
    octets, where its program wanted neither.
"""
from h2bad.case import OK

section = "RFC 9110 §8.3"
kind = "check"
expect = OK()
content = bytes(range(0x80, 0x100))


def misbehave(x):
    x.headers([(":status", "200"),
               ("content-type", "text/html; charset=bogus")])
    x.data(content, end=True)
