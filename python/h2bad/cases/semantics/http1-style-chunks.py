# SPDX-License-Identifier: MIT
"""Content that looks like chunks

What the server sends
    A good response whose content is that of a chunked message of HTTP/1.1:
    `5`, CR, LF, `hello`, CR, LF, `0`, CR, LF, CR, LF.

What a client must do
    "The chunked transfer encoding defined in [RFC9112] Section 7.1 cannot be
    used in HTTP/2" (RFC 9113 §8.1). The octets are content like any others.

Why it matters
    A client that decodes what looks like chunks changes what its program gets;
    gateways that forget to decode send it by mistake.
"""
from h2bad.case import OK

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
content = b"5\r\nhello\r\n0\r\n\r\n"


def misbehave(x):
    x.respond(body=content)
