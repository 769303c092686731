# SPDX-License-Identifier: MIT
"""The field connection

What the server sends
    HEADERS with `:status: 200` and `connection: close` (`?v=keep-alive`:
    another value), and five octets of DATA. The stream stays open.

What a client must do
    "Any message containing connection-specific header fields MUST be treated
    as malformed." (RFC 9113 §8.2.2) "Clients MUST NOT accept a malformed
    response." (RFC 9113 §8.1.1)

Why it matters
    A client that shares code with HTTP/1.1 closes the connection with all its
    other streams. A proxy that forwards the field lets the server choose which
    fields the next hop removes.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.2"
kind = "must"
expect = M()
params = {"v": "close"}


def misbehave(x):
    x.held([(":status", "200"), ("connection", x.param("v"))])
