# SPDX-License-Identifier: MIT
"""A subprotocol that nobody asked for

What the server sends
    200 with a `sec-websocket-protocol` that the client did not offer.

What a client must do
    Fail the WebSocket connection (RFC 6455 §4.1).

Why it matters
    The two sides talk past each other.
"""
from h2bad.case import Incomplete, S

section = "RFC 6455 §4.1"
kind = "check"
expect = Incomplete() | S("CANCEL")
needs = ("websocket",)
wave = 2


def connect(x):
    x.settings = [("ENABLE_CONNECT_PROTOCOL", 1)]


def misbehave(x):
    x.headers([(":status", "200"), ("sec-websocket-protocol", "nobody")])
