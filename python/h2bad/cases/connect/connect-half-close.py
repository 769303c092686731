# SPDX-License-Identifier: MIT
"""The other side of the tunnel ends

What the server sends
    200, DATA, END_STREAM, while the client goes on sending.

What a client must do
    "A client is expected to send a DATA frame with the END_STREAM flag set
    after receiving a frame with the END_STREAM flag set." (RFC 9113 §8.5) The
    program reads to the end.

Why it matters
    Half of a connection that is closed is not the whole.
"""
from h2bad.case import I

section = "RFC 9113 §8.5"
kind = "should"
expect = I()
needs = ("connect",)
wave = 2


def misbehave(x):
    x.headers()
    x.data("hello", end=True)
    x.body(timeout=1.0)
