# SPDX-License-Identifier: MIT
"""SETTINGS of 5 octets

What the server sends
    A SETTINGS frame with 5 octets of payload.

What a client must do
    "A SETTINGS frame with a length other than a multiple of 6 octets MUST be
    treated as a connection error of type FRAME_SIZE_ERROR." (RFC 9113 §6.5)

Why it matters
    A parser that takes entries of 6 octets until the payload is used up reads
    beyond it.
"""
from h2bad.case import C, entries

section = "RFC 9113 §6.5"
kind = "must"
expect = C("FRAME_SIZE_ERROR")
wave = 1


def misbehave(x):
    x.frame("SETTINGS", 0, 0, entries([("MAX_FRAME_SIZE", 16384)])[:5])
