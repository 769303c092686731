# SPDX-License-Identifier: MIT
"""CONTINUATION after END_HEADERS

What the server sends
    HEADERS with END_HEADERS, and CONTINUATION with END_HEADERS on the same
    stream.

What a client must do
    "A CONTINUATION frame MUST be preceded by a HEADERS, PUSH_PROMISE or
    CONTINUATION frame without the END_HEADERS flag set. A recipient that
    observes violation of this rule MUST respond with a connection error of
    type PROTOCOL_ERROR." (RFC 9113 §6.10)

Why it matters
    A client that adds the fields to a response that it has handed on
    already changes it under its program's hands.
"""
from h2bad.case import C, field

section = "RFC 9113 §6.10"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.headers()
    x.continuation(field("x-late", "1"))
