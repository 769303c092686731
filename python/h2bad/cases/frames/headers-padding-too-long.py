# SPDX-License-Identifier: MIT
"""HEADERS with more padding than payload

What the server sends
    A HEADERS frame with the PADDED flag whose Pad Length is one more than the
    octets that follow it.

What a client must do
    "If the length of the padding is the length of the frame payload or
    greater, the recipient MUST treat this as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §6.2)

Why it matters
    CVE-2022-0618: swift-nio-http2 crashed when the padding of HEADERS had a
    wrong size. The length of the field block becomes negative, or huge where
    it has no sign.
"""
from h2bad.case import C

section = "RFC 9113 §6.2"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.frame("HEADERS", ("PADDED", "END_HEADERS"), x.s, b"\x02\x88")
