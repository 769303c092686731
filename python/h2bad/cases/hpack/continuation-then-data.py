# SPDX-License-Identifier: MIT
"""DATA between CONTINUATION frames

What the server sends
    HEADERS and CONTINUATION, both without END_HEADERS, and then DATA on the
    same stream.

What a client must do
    "If the END_HEADERS flag is not set, this frame MUST be followed by another
    CONTINUATION frame. A receiver MUST treat the receipt of any other type of
    frame or a frame on a different stream as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §6.10)

Why it matters
    A client may expect CONTINUATION after HEADERS, and forget it after the
    first one: it then takes content of a response whose fields it does not
    know.
"""
from h2bad.case import C, field

section = "RFC 9113 §6.10"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.headers(end_headers=False)
    x.continuation(field("x-more", "1"), end_headers=False)
    x.data("hello")
