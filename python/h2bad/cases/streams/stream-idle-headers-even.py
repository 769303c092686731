# SPDX-License-Identifier: MIT
"""HEADERS on stream 2 without a promise

What the server sends
    HEADERS with status 200 on stream 2, which no PUSH_PROMISE has reserved.

What a client must do
    "If this stream is initiated by the server, as described in Section 5.1.1,
    then receiving a HEADERS frame MUST also be treated as a connection error
    of type PROTOCOL_ERROR." (RFC 9113 §5.1, idle)

Why it matters
    It is a response without a request. A cache that stores it under some other
    request's URL has been poisoned.
"""
from h2bad.case import C

section = "RFC 9113 §5.1"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    x.headers(stream=2)
