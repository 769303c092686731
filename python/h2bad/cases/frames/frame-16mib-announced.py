# SPDX-License-Identifier: MIT
"""A frame header that announces 16 MiB

What the server sends
    HEADERS with status 200, the header of a DATA frame of 2^24-1 octets, 100
    octets of it, and then nothing.

What a client must do
    "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds
    the size defined in SETTINGS_MAX_FRAME_SIZE, exceeds any limit defined for
    the frame type, or is too small to contain mandatory frame data." (RFC 9113
    §4.2) The header is enough to see it.

Why it matters
    A client that waits for the whole frame before it looks at its length
    hangs, or takes memory for it.
"""
from h2bad.case import S

section = "RFC 9113 §4.2"
kind = "must"
expect = S("FRAME_SIZE_ERROR")
fence = None
finish = False


def misbehave(x):
    n = (1 << 24) - 1
    if x.client_settings["MAX_FRAME_SIZE"] == n:
        x.skip("the client takes frames of any size")
    x.headers()
    x.frame("DATA", 0, x.s, bytes(100), length=n)
