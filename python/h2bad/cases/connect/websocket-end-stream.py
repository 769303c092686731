# SPDX-License-Identifier: MIT
"""A WebSocket that ends at once

What the server sends
    200 with END_STREAM.

What a client must do
    "The HTTP/2 stream closure is also analogous to the TCP connection
    closure" (RFC 8441 §5, of RFC 6455): "Orderly TCP level closures are
    represented as END_STREAM". The program is told of the end (1006).

Why it matters
    A client that looks for a Close frame alone waits for ever.
"""
from h2bad.case import Incomplete

section = "RFC 8441 §5"
kind = "must"
expect = Incomplete(kept=True)
needs = ("websocket",)
wave = 2


def connect(x):
    x.settings = [("ENABLE_CONNECT_PROTOCOL", 1)]


def misbehave(x):
    x.headers(end=True)
