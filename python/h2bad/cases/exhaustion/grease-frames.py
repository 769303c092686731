# SPDX-License-Identifier: MIT
"""Frames and settings that nobody knows

What the server sends
    Frames whose types are 0x0b and each 0x1f above that, and SETTINGS whose
    identifiers are 0x0a0a, 0x1a1a, and so on.

What a client must do
    "Implementations MUST ignore and discard frames of unknown types." (RFC
    9113 §4.1) "An endpoint that receives a SETTINGS frame with any unknown or
    unsupported identifier MUST ignore that setting." (§6.5.2)

Why it matters
    Such values are reserved by some implementations, and sent at random, so
    that nobody relies on their absence.
"""
from h2bad.case import I

section = "RFC 9113 §4.1"
kind = "must"
expect = I()
wave = 2


def misbehave(x):
    for type in range(0x0b + 0x1f, 0x100, 0x1f):
        x.frame(type, 0, 0, b"grease")
    x.send_settings([(i * 0x1000 + 0x0a0a, i) for i in range(16)])
