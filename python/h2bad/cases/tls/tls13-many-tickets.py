# SPDX-License-Identifier: MIT
"""Fifty tickets

What the server sends
    TLS 1.3 with 50 NewSessionTicket messages; then the response.

What a client must do
    Take the response: NewSessionTicket "can be used as they have no direct
    interaction with HTTP/2" (RFC 9113 §9.2.3, of it and of KeyUpdate).

Why it matters
    They come before SETTINGS: a client whose TLS library is not asked again
    after them stands still.
"""
from h2bad.case import OK

section = "RFC 9113 §9.2.3"
kind = "check"
expect = OK()
wave = 2


def client_hello(x):
    x.tls.tickets = 50
