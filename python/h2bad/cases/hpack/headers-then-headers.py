# SPDX-License-Identifier: MIT
"""HEADERS on another stream within a field block

What the server sends
    HEADERS without END_HEADERS on a request's stream, and then HEADERS with
    END_HEADERS on that of another request.

What a client must do
    "A HEADERS frame without the END_HEADERS flag set MUST be followed by a
    CONTINUATION frame for the same stream. A receiver MUST treat the
    receipt of any other type of frame or a frame on a different stream as a
    connection error of type PROTOCOL_ERROR." (RFC 9113 §6.2)

Why it matters
    Two field blocks at once cannot be decoded: which of them comes first
    for the dynamic table?
"""
from h2bad.case import C

section = "RFC 9113 §6.2"
kind = "must"
expect = C("PROTOCOL_ERROR")
needs = ("parallel:2",)


def misbehave(x):
    other = x.need_requests(2)[1]
    x.here()
    x.headers(end_headers=False)
    x.headers(stream=other.stream)
