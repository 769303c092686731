# SPDX-License-Identifier: MIT
"""PRIORITY of 4 octets

What the server sends
    PRIORITY with 4 octets of payload on the request's stream.

What a client must do
    "A PRIORITY frame with a length other than 5 octets MUST be treated as a
    stream error of type FRAME_SIZE_ERROR." (RFC 9113 §6.3)

Why it matters
    A parser that takes five octets of it reads beyond the frame.
"""
from h2bad.case import S

section = "RFC 9113 §6.3"
kind = "must"
expect = S("FRAME_SIZE_ERROR")


def misbehave(x):
    x.frame("PRIORITY", 0, x.s, bytes(4))
