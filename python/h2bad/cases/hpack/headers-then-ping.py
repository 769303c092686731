# SPDX-License-Identifier: MIT
"""PING within a field block

What the server sends
    HEADERS without END_HEADERS, and then PING.

What a client must do
    "A HEADERS frame without the END_HEADERS flag set MUST be followed by a
    CONTINUATION frame for the same stream. A receiver MUST treat the
    receipt of any other type of frame or a frame on a different stream as a
    connection error of type PROTOCOL_ERROR." (RFC 9113 §6.2)

Why it matters
    A client that acknowledges the PING treats frames of the connection
    apart from those of streams, and does not see that a field block is
    open.
"""
from h2bad.case import C

section = "RFC 9113 §6.2"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.headers(end_headers=False)
    # PING is the fence that follows.
