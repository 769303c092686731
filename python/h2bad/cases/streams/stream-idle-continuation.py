# SPDX-License-Identifier: MIT
"""CONTINUATION on an idle stream

What the server sends
    CONTINUATION with a field, on a stream that the client has not opened yet.

What a client must do
    "A CONTINUATION frame MUST be preceded by a HEADERS, PUSH_PROMISE or
    CONTINUATION frame without the END_HEADERS flag set. A recipient that
    observes violation of this rule MUST respond with a connection error of
    type PROTOCOL_ERROR." (RFC 9113 §6.10)

Why it matters
    Fields that belong to no block still change the table of HPACK: afterwards
    the two sides read different names.
"""
from h2bad.case import C, block

section = "RFC 9113 §6.10"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.continuation(block([("x-more", "1")]), x.s + 100)
