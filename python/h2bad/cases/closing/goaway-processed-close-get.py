# SPDX-License-Identifier: MIT
"""GOAWAY and the end, the GET perhaps processed

What the server sends
    To a GET: GOAWAY with its stream and NO_ERROR, and the end of the
    connection without a response. Another connection is answered well.

What a client must do
    "For example, if a client sends a PUT request and the underlying connection
    is closed before any response is received, then the client can establish a
    new connection and retry the idempotent request." (RFC 9110 §9.2.2) Or the
    program gets an error.

Why it matters
    Whether a client retries decides how often its users see an error.
"""
from h2bad.case import R

section = "RFC 9113 §8.7"
kind = "must"
expect = R(hang=True)
wave = 2


def misbehave(x):
    x.goaway_close()
