# SPDX-License-Identifier: MIT
"""DATA of exactly MAX_FRAME_SIZE

What the server sends
    Up to three DATA frames of exactly the client's MAX_FRAME_SIZE, as its
    windows allow.

What a client must do
    "The size of a frame payload is limited by the maximum size that a receiver
    advertises in the SETTINGS_MAX_FRAME_SIZE setting." (RFC 9113 §4.2) What
    does not exceed it is taken.

Why it matters
    Buffers that are too small by the nine octets of the header, or by one, are
    found so.
"""
from h2bad.case import OK

section = "RFC 9113 §4.2"
kind = "must"
expect = OK()


def misbehave(x):
    n = x.client_settings["MAX_FRAME_SIZE"]
    frames = min(3, x.window() // n)
    if not frames:
        x.skip("the client's windows are smaller than its MAX_FRAME_SIZE")
    x.headers()
    for _ in range(frames):
        x.data(bytes(n))
