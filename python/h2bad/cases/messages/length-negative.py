# SPDX-License-Identifier: MIT
"""A negative content-length

What the server sends
    HEADERS with `content-length: -1`, and five octets of DATA. The stream
    stays open.

What a client must do
    "a sender MUST NOT forward a message with a Content-Length header field
    value that does not match the ABNF above" (RFC 9110 §8.6), which is
    `1*DIGIT`. A response with another value has no length that could equal the
    sum of its DATA frames, so it counts as malformed, and "Clients MUST NOT
    accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    Converted to a number without a sign it is the largest there is; as one
    with a sign it may mean that the length is not known.
"""
from h2bad.case import M

section = "RFC 9110 §8.6"
kind = "must"
expect = M()
wave = 2
security = "proxy"


def misbehave(x):
    x.held([(":status", "200"), ("content-length", "-1")])
