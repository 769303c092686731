# SPDX-License-Identifier: MIT
"""DATA beyond MAX_FRAME_SIZE

What the server sends
    HEADERS with status 200, then a DATA frame that is one octet longer than
    the client's MAX_FRAME_SIZE.

What a client must do
    "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds
    the size defined in SETTINGS_MAX_FRAME_SIZE, exceeds any limit defined for
    the frame type, or is too small to contain mandatory frame data." (RFC 9113
    §4.2) For DATA that is a stream error, or a connection error.
    FLOW_CONTROL_ERROR fits where the frame is larger than the window as well.

Why it matters
    The limit is what lets a client have one buffer of fixed size for a frame.
"""
from h2bad.case import S

section = "RFC 9113 §4.2"
kind = "must"
expect = S("FRAME_SIZE_ERROR", "FLOW_CONTROL_ERROR")
wave = 1


def misbehave(x):
    n = x.client_settings["MAX_FRAME_SIZE"] + 1
    if n == 1 << 24:
        x.skip("the client takes frames of any size")
    x.headers()
    x.data(bytes(n), beyond=True)
