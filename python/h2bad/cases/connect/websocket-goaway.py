# SPDX-License-Identifier: MIT
"""GOAWAY around a WebSocket

What the server sends
    200, GOAWAY with the stream of the WebSocket, then a message.

What a client must do
    "Activity on streams numbered lower than or equal to the last stream
    identifier might still complete successfully." (RFC 9113 §6.8)

Why it matters
    A WebSocket that ends with each restart of a server is none.
"""
from h2bad.case import Moves

section = "RFC 9113 §6.8"
kind = "must"
expect = Moves()
needs = ("websocket",)
wave = 2


def connect(x):
    x.settings = [("ENABLE_CONNECT_PROTOCOL", 1)]


def misbehave(x):
    x.headers()
    x.send_goaway()
    x.settle()
    x.wait("DATA", x.s)
    x.data(b"\x81\x05hello")
    x.close_websocket()
