# SPDX-License-Identifier: MIT
"""CONTINUATION after the CONTINUATION that ends the block

What the server sends
    HEADERS without END_HEADERS, CONTINUATION with END_HEADERS, and one more
    CONTINUATION with END_HEADERS on the same stream.

What a client must do
    "A CONTINUATION frame MUST be preceded by a HEADERS, PUSH_PROMISE or
    CONTINUATION frame without the END_HEADERS flag set. A recipient that
    observes violation of this rule MUST respond with a connection error of
    type PROTOCOL_ERROR." (RFC 9113 §6.10)

Why it matters
    The type of the frame before is right, only its flag is not: a client that
    looks at the type alone goes on with a field block that it has decoded.
"""
from h2bad.case import C, field

section = "RFC 9113 §6.10"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.headers(end_headers=False)
    x.continuation(field("x-more", "1"))
    x.continuation(field("x-late", "1"))
