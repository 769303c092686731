# SPDX-License-Identifier: MIT
"""HEADERS too short for their priority

What the server sends
    A HEADERS frame with the flags PRIORITY and END_HEADERS and 3 octets of
    payload; a priority takes 5.

What a client must do
    "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds
    the size defined in SETTINGS_MAX_FRAME_SIZE, exceeds any limit defined for
    the frame type, or is too small to contain mandatory frame data." (RFC 9113
    §4.2) HEADERS carry a field block, so this is a connection error.

Why it matters
    The length of the field block becomes -2, or huge where it has no sign.
"""
from h2bad.case import C

section = "RFC 9113 §4.2"
kind = "must"
expect = C("FRAME_SIZE_ERROR")


def misbehave(x):
    x.frame("HEADERS", ("PRIORITY", "END_HEADERS"), x.s, bytes(3))
