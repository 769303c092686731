# SPDX-License-Identifier: MIT
"""101 to an extended CONNECT

What the server sends
    HEADERS with `:status: 101`; the stream stays open.

What a client must do
    "HTTP/2 does not support the 101 (Switching Protocols) informational
    status code" (RFC 9113 §8.6). It is malformed, or an informational
    response to be ignored.

Why it matters
    A server that was ported from HTTP/1.1 sends it.
"""
from h2bad.case import I, M

section = "RFC 9113 §8.6"
kind = "should"
expect = M() | I(response=False)
needs = ("websocket",)
wave = 2


def connect(x):
    x.settings = [("ENABLE_CONNECT_PROTOCOL", 1)]


def misbehave(x):
    x.headers([(":status", "101")])
