# SPDX-License-Identifier: MIT
"""HEADERS with PADDED, and no octet

What the server sends
    A HEADERS frame with the flags PADDED and END_HEADERS and without payload:
    the Pad Length is missing.

What a client must do
    "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds
    the size defined in SETTINGS_MAX_FRAME_SIZE, exceeds any limit defined for
    the frame type, or is too small to contain mandatory frame data." (RFC 9113
    §4.2) It carries a field block, so this is a connection error.

Why it matters
    CVE-2022-0618: swift-nio-http2 crashed when the padding of HEADERS had a
    wrong size.
"""
from h2bad.case import C

section = "RFC 9113 §4.2"
kind = "must"
expect = C("FRAME_SIZE_ERROR")
wave = 1


def misbehave(x):
    x.frame("HEADERS", ("PADDED", "END_HEADERS"), x.s)
