# SPDX-License-Identifier: MIT
"""A WebSocket without a status

What the server sends
    HEADERS without `:status`; the stream stays open.

What a client must do
    "Clients MUST NOT accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    A tunnel that nobody has opened carries the messages of the program.
"""
from h2bad.case import M

section = "RFC 9113 §8.3.2"
kind = "must"
expect = M()
needs = ("websocket",)
wave = 2


def connect(x):
    x.settings = [("ENABLE_CONNECT_PROTOCOL", 1)]


def misbehave(x):
    x.headers([("server", "h2bad")])
