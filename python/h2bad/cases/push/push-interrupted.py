# SPDX-License-Identifier: MIT
"""PING between PUSH_PROMISE and CONTINUATION

What the server sends
    PUSH_PROMISE without END_HEADERS, and then PING.

What a client must do
    "A PUSH_PROMISE frame without the END_HEADERS flag set MUST be followed by
    a CONTINUATION frame for the same stream. A receiver MUST treat the receipt
    of any other type of frame or a frame on a different stream as a connection
    error of type PROTOCOL_ERROR." (RFC 9113 §6.6)

Why it matters
    What comes between may change the state in which the block was begun.
"""
from h2bad.case import C

section = "RFC 9113 §6.6"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.push(end_headers=False)
    x.ping()
