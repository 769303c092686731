# SPDX-License-Identifier: MIT
"""CONNECT is refused

What the server sends
    502 with content and END_STREAM.

What a client must do
    "Any response other than a successful response indicates that the tunnel
    has not yet been formed." (RFC 9110 §9.3.6)

Why it matters
    The content of the error comes from the proxy, and not from the other
    side.
"""
from h2bad.case import Incomplete

section = "RFC 9110 §9.3.6"
kind = "must"
expect = Incomplete(kept=True)
needs = ("connect",)
wave = 2


def misbehave(x):
    x.respond(status=502)
