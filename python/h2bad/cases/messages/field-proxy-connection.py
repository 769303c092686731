# SPDX-License-Identifier: MIT
"""The field proxy-connection

What the server sends
    HEADERS with `:status: 200` and `proxy-connection: close`, and five octets
    of DATA. The stream stays open.

What a client must do
    "Any message containing connection-specific header fields MUST be treated
    as malformed." (RFC 9113 §8.2.2) "Clients MUST NOT accept a malformed
    response." (RFC 9113 §8.1.1)

Why it matters
    Old proxies add it, and recipients in HTTP/1.1 take it for `connection`.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.2"
kind = "must"
expect = M()


def misbehave(x):
    x.held([(":status", "200"), ("proxy-connection", "close")])
