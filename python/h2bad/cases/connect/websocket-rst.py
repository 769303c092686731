# SPDX-License-Identifier: MIT
"""A WebSocket that is reset

What the server sends
    200, then RST_STREAM with CANCEL.

What a client must do
    "The HTTP/2 stream closure is also analogous to the TCP connection
    closure" (RFC 8441 §5, of RFC 6455): "RST exceptions are represented with
    the RST_STREAM [...] frame with the CANCEL [...] error code." The program
    is told of the end (1006).

Why it matters
    It is how a proxy tells that the server behind it is gone.
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
    x.headers()
    x.rst("CANCEL")
