# SPDX-License-Identifier: MIT
"""A WebSocket, and no setting for it

What the server sends
    SETTINGS without ENABLE_CONNECT_PROTOCOL.

What a client must do
    "Upon receipt of SETTINGS_ENABLE_CONNECT_PROTOCOL with a value of 1, a
    client MAY use the Extended CONNECT definition of this document" (RFC 8441
    §3): without it no request has `:protocol`. The client goes back to
    HTTP/1.1, or the program gets an error.

Why it matters
    A server that does not know extended CONNECT sees a malformed request.
"""
from h2bad.case import L

section = "RFC 8441 §3"
kind = "must"
expect = L()
needs = ("websocket",)
wave = 2
wait = 1.0
finish = False


def connect(x):
    x.settings = ()


def judge(o):
    for c in o.connections:
        if any(f[0] == ":protocol" for r in c.requests() for f in r["fields"]):
            return "fail", "exceeded", "a request with :protocol came"
    return "pass", "", ""
