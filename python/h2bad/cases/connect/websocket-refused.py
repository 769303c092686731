# SPDX-License-Identifier: MIT
"""A WebSocket is refused

What the server sends
    403 with content and END_STREAM.

What a client must do
    Tell the program of an error; the connection is kept: the request was
    answered.

Why it matters
    A client that waits for a message waits for ever.
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
    x.respond(status=403)
