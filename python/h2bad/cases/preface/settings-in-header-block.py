# SPDX-License-Identifier: MIT
"""SETTINGS within a field block

What the server sends
    HEADERS without END_HEADERS, SETTINGS, then CONTINUATION with the rest.

What a client must do
    "A HEADERS frame without the END_HEADERS flag set MUST be followed by a
    CONTINUATION frame for the same stream. A receiver MUST treat the receipt
    of any other type of frame or a frame on a different stream as a connection
    error of type PROTOCOL_ERROR." (RFC 9113 §6.2)

Why it matters
    The decoder's table is in the middle of a block; what changes the
    connection meanwhile leaves the two sides with different tables.
"""
from h2bad.case import block, C

section = "RFC 9113 §6.2"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    with x.together():
        x.headers(end_headers=False)
        x.send_settings()
        x.continuation(block([("x-rest", "a")]))
