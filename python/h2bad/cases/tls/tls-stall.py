# SPDX-License-Identifier: MIT
"""Nothing after the ClientHello

What the server sends
    Nothing for 1.5 seconds after the ClientHello; then the rest.

What a client must do
    Nothing is required: how long a client waits for a handshake is its own
    decision.

Why it matters
    A limit on requests that begins with the first octet of HTTP does not hold
    here.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R()
wave = 2
wait = 5.0


def client_hello(x):
    x.tls.delay = 1.5
