# SPDX-License-Identifier: MIT
"""RST_STREAM on stream 0

What the server sends
    RST_STREAM with CANCEL on stream 0.

What a client must do
    "If a RST_STREAM frame is received with a stream identifier of 0x00, the
    recipient MUST treat this as a connection error of type PROTOCOL_ERROR."
    (RFC 9113 §6.4)

Why it matters
    A client that ignores it cannot know which stream the server has given up.
"""
from h2bad.case import C

section = "RFC 9113 §6.4"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    x.frame("RST_STREAM", 0, 0, (8).to_bytes(4, "big"))
