# SPDX-License-Identifier: MIT
"""A whole response, and then a TCP reset

What the server sends
    The response with END_STREAM; once a PING behind it was acknowledged, or
    after half a second, a TCP reset.

What a client must do
    "An HTTP response is complete after the server sends -- or the client
    receives -- a frame with the END_STREAM flag set" (RFC 9113 §8.1).

Why it matters
    What was received before the reset is as good as ever.
"""
from h2bad.case import Delivered

section = "RFC 9113 §8.1"
kind = "should"
expect = Delivered()
wave = 2


def misbehave(x):
    x.complete()
    x.respond()
    x.passed(0.5)
    x.close("rst")
