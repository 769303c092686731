# SPDX-License-Identifier: MIT
"""DATA with PADDED, and no octet

What the server sends
    HEADERS with status 200, then a DATA frame with the PADDED flag and without
    payload: the Pad Length is missing.

What a client must do
    "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds
    the size defined in SETTINGS_MAX_FRAME_SIZE, exceeds any limit defined for
    the frame type, or is too small to contain mandatory frame data." (RFC 9113
    §4.2) For DATA that is a stream error, or a connection error.

Why it matters
    A parser that reads the Pad Length takes the first octet of the next frame.
"""
from h2bad.case import S

section = "RFC 9113 §4.2"
kind = "must"
expect = S("FRAME_SIZE_ERROR")


def misbehave(x):
    x.headers()
    x.frame("DATA", "PADDED", x.s)
