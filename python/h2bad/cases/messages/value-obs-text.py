# SPDX-License-Identifier: MIT
"""A field value with octets above 0x7f

What the server sends
    HEADERS with a field `x-a` of the octets 0x80 to 0xff, and the usual
    content.

What a client must do
    Take it. "A recipient SHOULD treat other allowed octets in field content
    (i.e., obs-text) as opaque data." (RFC 9110 §5.5)

Why it matters
    A client that decodes fields as UTF-8 fails on servers that send file names
    in ISO 8859-1.
"""
from h2bad.case import BODY, OK

section = "RFC 9110 §5.5"
kind = "must"
expect = OK()
content = BODY


def misbehave(x):
    x.respond(fields=[("x-a", bytes(range(0x80, 0x100)))])
