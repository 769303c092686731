# SPDX-License-Identifier: MIT
"""HEADERS beyond MAX_FRAME_SIZE

What the server sends
    HEADERS with status 200 that are one octet longer than the client's
    MAX_FRAME_SIZE.

What a client must do
    "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds
    the size defined in SETTINGS_MAX_FRAME_SIZE, exceeds any limit defined for
    the frame type, or is too small to contain mandatory frame data." (RFC 9113
    §4.2) HEADERS carry a field block, so this is a connection error.

Why it matters
    A client that drops the frame, and goes on, has a decoder's table that
    differs from the server's.
"""
from h2bad.case import C

section = "RFC 9113 §4.2"
kind = "must"
expect = C("FRAME_SIZE_ERROR")


def misbehave(x):
    n = x.client_settings["MAX_FRAME_SIZE"] + 1
    if n == 1 << 24:
        x.skip("the client takes frames of any size")
    x.long_headers(n)
