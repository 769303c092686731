# SPDX-License-Identifier: MIT
"""A frame of unknown type before SETTINGS

What the server sends
    A frame of type 0x0b with 8 octets on stream 0, then SETTINGS, then all as
    usual.

What a client must do
    Two rules meet. "The server connection preface consists of a potentially
    empty SETTINGS frame (Section 6.5) that MUST be the first frame the server
    sends in the HTTP/2 connection." (RFC 9113 §3.4) But "Implementations MUST
    ignore and discard frames of unknown types." (§4.1)

Why it matters
    Servers that send frames of unknown types, so that clients keep ignoring
    them (GREASE), have to know whether this is too early.
"""
from h2bad.case import C, I

section = "RFC 9113 §3.4"
kind = "check"
expect = C("PROTOCOL_ERROR", close=True) | I()


def connect(x):
    x.settings = None
    x.frame(0x0b, 0, 0, b"unknown!")
    x.send_settings()
