# SPDX-License-Identifier: MIT
"""CONTINUATION after DATA

What the server sends
    HEADERS with END_HEADERS, DATA, and CONTINUATION with END_HEADERS on the
    same stream.

What a client must do
    "A CONTINUATION frame MUST be preceded by a HEADERS, PUSH_PROMISE or
    CONTINUATION frame without the END_HEADERS flag set. A recipient that
    observes violation of this rule MUST respond with a connection error of
    type PROTOCOL_ERROR." (RFC 9113 §6.10)

Why it matters
    A client that takes the frame for trailers accepts fields where none can
    be.
"""
from h2bad.case import C, field

section = "RFC 9113 §6.10"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.headers()
    x.data("hello")
    x.continuation(field("x-late", "1"))
