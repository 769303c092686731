# SPDX-License-Identifier: MIT
"""DATA with more padding than payload

What the server sends
    A DATA frame with the PADDED flag whose Pad Length is one more than the
    octets that follow it.

What a client must do
    "If the length of the padding is the length of the frame payload or
    greater, the recipient MUST treat this as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §6.1)

Why it matters
    The length of the data becomes negative, or huge where it has no sign.
"""
from h2bad.case import C

section = "RFC 9113 §6.1"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    x.headers()
    if not x.need_window(6):
        return
    x.frame("DATA", "PADDED", x.s, b"\x06hello")
