# SPDX-License-Identifier: MIT
"""MAX_FRAME_SIZE of 16,383

What the server sends
    A SETTINGS frame with MAX_FRAME_SIZE 16,383.

What a client must do
    "The value advertised by an endpoint MUST be between this initial value and
    the maximum allowed frame size (2^24-1 or 16,777,215 octets), inclusive.
    Values outside this range MUST be treated as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §6.5.2) The initial value is 16,384.

Why it matters
    A client that follows small values cuts its requests into more and more
    pieces, down to pieces of nothing.
"""
from h2bad.case import C

section = "RFC 9113 §6.5.2"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.send_settings([("MAX_FRAME_SIZE", 16383)])
