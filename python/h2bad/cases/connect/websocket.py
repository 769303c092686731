# SPDX-License-Identifier: MIT
"""A WebSocket

What the server sends
    ENABLE_CONNECT_PROTOCOL, 200, and one message that comes back.

What a client must do
    The request has `:protocol`, `:scheme` and `:path`: "On requests that
    contain the :protocol pseudo-header field, the :scheme and :path
    pseudo-header fields of the target URI [...] MUST also be included." (RFC
    8441 §4) Connection and Upgrade "MUST NOT be included in the CONNECT
    request" (§5).

Why it matters
    The other cases of WebSockets depend on it.
"""
from h2bad.case import OK

section = "RFC 8441 §5"
kind = "must"
expect = OK()
needs = ("websocket",)
wave = 2


def connect(x):
    x.settings = [("ENABLE_CONNECT_PROTOCOL", 1)]


def misbehave(x):
    for name in ":protocol", ":scheme", ":path", ":authority":
        if x.request.get(name) is None:
            x.fail("malformed", "the request has no " + name)
    for name in "connection", "upgrade", "sec-websocket-key":
        if x.request.get(name) is not None:
            x.fail("malformed", "the request has " + name)
    x.echo_once()
