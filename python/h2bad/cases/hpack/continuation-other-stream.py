# SPDX-License-Identifier: MIT
"""CONTINUATION on another stream

What the server sends
    HEADERS without END_HEADERS on the request's stream, and CONTINUATION
    with END_HEADERS on the next one, which is idle.

What a client must do
    "A HEADERS frame without the END_HEADERS flag set MUST be followed by a
    CONTINUATION frame for the same stream. A receiver MUST treat the
    receipt of any other type of frame or a frame on a different stream as a
    connection error of type PROTOCOL_ERROR." (RFC 9113 §6.2)

Why it matters
    A client that does not compare the streams completes the response of one
    request with the fields of another.
"""
from h2bad.case import C, field

section = "RFC 9113 §6.10"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.headers(end_headers=False)
    x.continuation(field("x-other", "1"), x.s + 2)
