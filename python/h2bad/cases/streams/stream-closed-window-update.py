# SPDX-License-Identifier: MIT
"""WINDOW_UPDATE on a closed stream

What the server sends
    A whole response; when the next request is open, WINDOW_UPDATE with 10
    octets for the first one's stream.

What a client must do
    "This means that a receiver could receive a WINDOW_UPDATE frame on a stream
    in a "half-closed (remote)" or "closed" state. A receiver MUST NOT treat
    this as an error (see Section 5.1)." (RFC 9113 §6.9)

Why it matters
    Servers that give credit while a request ends send it now and then. A
    client that takes it for an error loses connections at random.
"""
from h2bad.case import I

section = "RFC 9113 §6.9"
kind = "must"
expect = I()
wave = 1


def misbehave(x):
    x.after_response()
    x.window_update(10, x.s)
