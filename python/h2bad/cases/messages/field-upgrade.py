# SPDX-License-Identifier: MIT
"""The field upgrade

What the server sends
    HEADERS with `:status: 200` and `upgrade: h2c`, and five octets of DATA.
    The stream stays open.

What a client must do
    "Any message containing connection-specific header fields MUST be treated
    as malformed." (RFC 9113 §8.2.2) "Clients MUST NOT accept a malformed
    response." (RFC 9113 §8.1.1)

Why it matters
    Servers that announce h2c in HTTP/1.1 have sent it in HTTP/2 too, and only
    some clients took the response.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.2"
kind = "must"
expect = M()


def misbehave(x):
    x.held([(":status", "200"), ("upgrade", "h2c")])
