# SPDX-License-Identifier: MIT
"""PUSH_PROMISE of 3 octets

What the server sends
    PUSH_PROMISE with 3 octets, too few for the promised stream's number.

What a client must do
    "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds
    the size defined in SETTINGS_MAX_FRAME_SIZE, exceeds any limit defined for
    the frame type, or is too small to contain mandatory frame data." (RFC 9113
    §4.2)

Why it matters
    A client that reads four octets all the same reads one that is not in the
    frame.
"""
from h2bad.case import C

section = "RFC 9113 §4.2"
kind = "must"
expect = C("FRAME_SIZE_ERROR")


def misbehave(x):
    x.frame("PUSH_PROMISE", "END_HEADERS", x.s, bytes(3))
