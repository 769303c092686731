# SPDX-License-Identifier: MIT
"""PRIORITY within a field block

What the server sends
    HEADERS without END_HEADERS, and then PRIORITY on the same stream.

What a client must do
    "A HEADERS frame without the END_HEADERS flag set MUST be followed by a
    CONTINUATION frame for the same stream. A receiver MUST treat the
    receipt of any other type of frame or a frame on a different stream as a
    connection error of type PROTOCOL_ERROR." (RFC 9113 §6.2) "A PRIORITY
    frame cannot be sent between consecutive frames that comprise a single
    field block." (§6.3)

Why it matters
    PRIORITY is allowed in all states of a stream, and ignored by most
    clients: easily before it is looked whether a field block is open.
"""
from h2bad.case import C

section = "RFC 9113 §6.2"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.headers(end_headers=False)
    x.priority()
