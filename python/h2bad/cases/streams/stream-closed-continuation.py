# SPDX-License-Identifier: MIT
"""CONTINUATION on a closed stream

What the server sends
    A whole response; when the next request is open, CONTINUATION with a field
    on the first one's stream.

What a client must do
    "A CONTINUATION frame MUST be preceded by a HEADERS, PUSH_PROMISE or
    CONTINUATION frame without the END_HEADERS flag set. A recipient that
    observes violation of this rule MUST respond with a connection error of
    type PROTOCOL_ERROR." (RFC 9113 §6.10)

Why it matters
    What belongs to no request must reach none: a client that looks only at the
    number of the stream hands it to the wrong one, or fails on what it has
    freed.
"""
from h2bad.case import C, block

section = "RFC 9113 §6.10"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.after_response()
    x.continuation(block([("x-more", "1")]))
