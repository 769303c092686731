# SPDX-License-Identifier: MIT
"""DATA within a field block

What the server sends
    HEADERS without END_HEADERS, and then DATA on the same stream.

What a client must do
    "A HEADERS frame without the END_HEADERS flag set MUST be followed by a
    CONTINUATION frame for the same stream. A receiver MUST treat the
    receipt of any other type of frame or a frame on a different stream as a
    connection error of type PROTOCOL_ERROR." (RFC 9113 §6.2)

Why it matters
    A field block is one piece for HPACK. A client that lets other frames
    pass in between takes content of a response whose fields it does not
    know.
"""
from h2bad.case import C

section = "RFC 9113 §6.2"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    x.headers(end_headers=False)
    x.data("hello")
