# SPDX-License-Identifier: MIT
"""Frames of unknown types

What the server sends
    Frames of the types 0x0b, 0x42 and 0xff, with 8 octets each, on stream 0
    and on the request's stream; then the response.

What a client must do
    "Implementations MUST ignore and discard frames of unknown types."
    (RFC 9113 §4.1)

Why it matters
    Extensions, and frames that keep clients from relying on their absence
    (GREASE), depend on it.
"""
from h2bad.case import I

section = "RFC 9113 §4.1"
kind = "must"
expect = I()
wave = 1


def misbehave(x):
    for type in 0x0b, 0x42, 0xff:
        for stream in 0, x.s:
            x.frame(type, 0, stream, b"unknown!")
