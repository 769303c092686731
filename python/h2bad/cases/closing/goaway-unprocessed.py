# SPDX-License-Identifier: MIT
"""GOAWAY that says: nothing was processed

What the server sends
    GOAWAY with 0 as its last stream and NO_ERROR; a PING, and another one 0.2 s
    after it was acknowledged; then the end of the connection. Another
    connection is answered well.

What a client must do
    "Requests that have not been processed have not failed; clients MAY
    automatically retry them, even those with non-idempotent methods." (RFC
    9113 §8.7) So it is sent again, or the program gets an error.

Why it matters
    Servers that are stopping do this with what arrives late. A client that
    retries is not disturbed by it.
"""
from h2bad.case import R

section = "RFC 9113 §8.7"
kind = "must"
expect = R(hang=True)
wave = 2


def misbehave(x):
    x.send_goaway(last=0)
    x.settle()
    x.close("tls")
