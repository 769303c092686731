# SPDX-License-Identifier: MIT
"""GOAWAY of 7 octets

What the server sends
    GOAWAY with 7 octets of payload, one less than its two fields take.

What a client must do
    "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds
    the size defined in SETTINGS_MAX_FRAME_SIZE, exceeds any limit defined for
    the frame type, or is too small to contain mandatory frame data." (RFC 9113
    §4.2) "A frame size error in a frame that could alter the state of the
    entire connection MUST be treated as a connection error; this includes any
    frame carrying a field block (that is, HEADERS, PUSH_PROMISE, and
    CONTINUATION), a SETTINGS frame, and any frame with a stream identifier of
    0."

Why it matters
    A parser that takes eight octets of it reads beyond the frame.
"""
from h2bad.case import C

section = "RFC 9113 §4.2"
kind = "must"
expect = C("FRAME_SIZE_ERROR")


def misbehave(x):
    x.frame("GOAWAY", 0, 0, bytes(7))
