# SPDX-License-Identifier: MIT
"""KeyUpdate

What the server sends
    A response in pieces, with a KeyUpdate of TLS 1.3 that asks for one in
    return before each.

What a client must do
    Take the response: KeyUpdate "can be used as they have no direct
    interaction with HTTP/2" (RFC 9113 §9.2.3, of it and of NewSessionTicket).

Why it matters
    A client that reads after a write, or the other way round, can lock itself
    up here.
"""
from h2bad.case import NotPossible, OK

section = "RFC 9113 §9.2.3"
kind = "check"
expect = OK()
wave = 2


def misbehave(x):
    x.headers()
    for _ in range(3):
        try:
            x.tls.request("key_update")
        except NotPossible as e:
            x.skip(str(e))
        x.data("hello")
