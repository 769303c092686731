# SPDX-License-Identifier: MIT
"""CONTINUATION behind the server's RST_STREAM

What the server sends
    In one write RST_STREAM with INTERNAL_ERROR on the request's stream, and
    CONTINUATION with a field.

What a client must do
    "A CONTINUATION frame MUST be preceded by a HEADERS, PUSH_PROMISE or
    CONTINUATION frame without the END_HEADERS flag set. A recipient that
    observes violation of this rule MUST respond with a connection error of
    type PROTOCOL_ERROR." (RFC 9113 §6.10)

Why it matters
    That frames on a closed stream may be ignored (§5.1) does not hold for this
    one: a client that ignores its field block has another HPACK table than the
    server from then on.
"""
from h2bad.case import C, field

section = "RFC 9113 §6.10"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    with x.together():
        x.rst("INTERNAL_ERROR")
        x.continuation(field("x-late", "1"))
