# SPDX-License-Identifier: MIT
"""Unknown type beyond MAX_FRAME_SIZE

What the server sends
    A frame of type 0x42 on the request's stream that is one octet longer than
    the client's MAX_FRAME_SIZE.

What a client must do
    Two rules meet. "An endpoint MUST send an error code of FRAME_SIZE_ERROR if
    a frame exceeds the size defined in SETTINGS_MAX_FRAME_SIZE, exceeds any
    limit defined for the frame type, or is too small to contain mandatory
    frame data." (RFC 9113 §4.2) But "Implementations MUST ignore and discard
    frames of unknown types." (RFC 9113 §4.1)

Why it matters
    The result says whether the client looks at the length or at the type
    first.
"""
from h2bad.case import C, I, S

section = "RFC 9113 §4.2"
kind = "check"
expect = C("FRAME_SIZE_ERROR") | S("FRAME_SIZE_ERROR") | I()


def misbehave(x):
    n = x.client_settings["MAX_FRAME_SIZE"] + 1
    if n == 1 << 24:
        x.skip("the client takes frames of any size")
    x.frame(0x42, 0, x.s, bytes(n))
