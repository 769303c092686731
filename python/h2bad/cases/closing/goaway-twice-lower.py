# SPDX-License-Identifier: MIT
"""GOAWAY twice, the second one with a lower stream

What the server sends
    GOAWAY with the request's stream + 100, GOAWAY with the request's stream,
    both with NO_ERROR, then the response.

What a client must do
    "An endpoint MAY send multiple GOAWAY frames if circumstances change." "The
    last stream identifier from the last GOAWAY frame received indicates which
    streams could have been acted upon." (RFC 9113 §6.8)

Why it matters
    A client that keeps the first frame's number waits for responses that never
    come.
"""
from h2bad.case import Moves

section = "RFC 9113 §6.8"
kind = "must"
expect = Moves()
wave = 2


def misbehave(x):
    x.send_goaway(last=x.s + 100)
    x.send_goaway()
