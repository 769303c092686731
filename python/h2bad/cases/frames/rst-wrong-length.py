# SPDX-License-Identifier: MIT
"""RST_STREAM of 3 octets

What the server sends
    RST_STREAM with 3 octets of payload on the request's stream.

What a client must do
    "A RST_STREAM frame with a length other than 4 octets MUST be treated as a
    connection error of type FRAME_SIZE_ERROR." (RFC 9113 §6.4)

Why it matters
    A parser that takes four octets of it reads beyond the frame.
"""
from h2bad.case import C

section = "RFC 9113 §6.4"
kind = "must"
expect = C("FRAME_SIZE_ERROR")
wave = 1


def misbehave(x):
    x.frame("RST_STREAM", 0, x.s, bytes(3))
