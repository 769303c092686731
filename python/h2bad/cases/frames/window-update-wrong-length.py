# SPDX-License-Identifier: MIT
"""WINDOW_UPDATE of 3 octets

What the server sends
    WINDOW_UPDATE with 3 octets of payload on stream 0.

What a client must do
    "A WINDOW_UPDATE frame with a length other than 4 octets MUST be treated as
    a connection error of type FRAME_SIZE_ERROR." (RFC 9113 §6.9)

Why it matters
    A parser that takes four octets of it reads beyond the frame, and adds what
    it finds there to its window.
"""
from h2bad.case import C

section = "RFC 9113 §6.9"
kind = "must"
expect = C("FRAME_SIZE_ERROR")
wave = 1


def misbehave(x):
    x.frame("WINDOW_UPDATE", 0, 0, b"\0\0\x01")
