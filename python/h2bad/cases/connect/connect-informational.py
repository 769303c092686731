# SPDX-License-Identifier: MIT
"""103 before a tunnel

What the server sends
    103, then 200, and octets through the tunnel.

What a client must do
    "A client MUST be able to parse one or more 1xx responses received prior
    to a final response, even if the client does not expect one." (RFC 9110
    §15.2)

Why it matters
    A client that takes the first HEADERS for the answer sees a tunnel that
    failed.
"""
from h2bad.case import OK

section = "RFC 9110 §15.2"
kind = "must"
expect = OK()
needs = ("connect",)
wave = 2


def misbehave(x):
    x.headers([(":status", "103")])
    x.headers()
    x.data("hello")
