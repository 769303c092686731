# SPDX-License-Identifier: MIT
"""CONTINUATION without HEADERS before it

What the server sends
    CONTINUATION with END_HEADERS and a whole field block, as the first
    frame on the request's stream.

What a client must do
    "A CONTINUATION frame MUST be preceded by a HEADERS, PUSH_PROMISE or
    CONTINUATION frame without the END_HEADERS flag set. A recipient that
    observes violation of this rule MUST respond with a connection error of
    type PROTOCOL_ERROR." (RFC 9113 §6.10)

Why it matters
    A client that skips the frame leaves its HPACK state behind the
    server's; one that takes it has a response that never began.
"""
from h2bad.case import C

section = "RFC 9113 §6.10"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    x.continuation(b"\x88")
