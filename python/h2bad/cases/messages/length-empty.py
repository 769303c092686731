# SPDX-License-Identifier: MIT
"""An empty content-length

What the server sends
    HEADERS with `content-length` that has no octets, and five octets of DATA.
    The stream stays open.

What a client must do
    "a sender MUST NOT forward a message with a Content-Length header field
    value that does not match the ABNF above" (RFC 9110 §8.6), which is
    `1*DIGIT`. A response with another value has no length that could equal the
    sum of its DATA frames, so it counts as malformed, and "Clients MUST NOT
    accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    Conversions of an empty text to a number give 0, and the content is cut off
    or taken for the next response.
"""
from h2bad.case import M

section = "RFC 9110 §8.6"
kind = "should"
expect = M()
wave = 2
security = "proxy"


def misbehave(x):
    x.held([(":status", "200"), ("content-length", "")])
