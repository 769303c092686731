# SPDX-License-Identifier: MIT
"""content-length with a sign

What the server sends
    HEADERS with `content-length: +5`, and five octets of DATA. The stream
    stays open.

What a client must do
    "a sender MUST NOT forward a message with a Content-Length header field
    value that does not match the ABNF above" (RFC 9110 §8.6), which is
    `1*DIGIT`. A response with another value has no length that could equal the
    sum of its DATA frames, so it counts as malformed, and "Clients MUST NOT
    accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    The usual library functions take the sign, and stricter recipients do not:
    they disagree on the length. Go's client accepted it (CVE-2026-78660).
"""
from h2bad.case import M

section = "RFC 9110 §8.6"
kind = "should"
expect = M()
wave = 2
security = "proxy"


def misbehave(x):
    x.held([(":status", "200"), ("content-length", "+5")])
