# SPDX-License-Identifier: MIT
"""The end of a WebSocket without Close

What the server sends
    200, a message, and END_STREAM without a Close frame.

What a client must do
    "The HTTP/2 stream closure is also analogous to the TCP connection
    closure" (RFC 8441 §5, of RFC 6455): "Orderly TCP level closures are
    represented as END_STREAM". The program is told that it was not closed
    cleanly (RFC 6455 §7.1.5).

Why it matters
    What was not said goodbye to may be incomplete.
"""
from h2bad.case import R

section = "RFC 8441 §5"
kind = "must"
expect = R(hang=True)
needs = ("websocket",)
wave = 2


def connect(x):
    x.settings = [("ENABLE_CONNECT_PROTOCOL", 1)]


def misbehave(x):
    x.headers()
    x.data(b"\x81\x04half", end=True)
