# SPDX-License-Identifier: MIT
"""An interim response with END_STREAM

What the server sends
    HEADERS with `:status: 103` and END_STREAM.

What a client must do
    "A HEADERS frame with the END_STREAM flag set that carries an informational
    status code is malformed." (RFC 9113 §8.1) "Clients MUST NOT accept a
    malformed response." (RFC 9113 §8.1.1)

Why it matters
    The request has no final response. Clients have waited for one for ever, or
    have delivered status 103.
"""
from h2bad.case import M

section = "RFC 9113 §8.1"
kind = "must"
expect = M()
wave = 1


def misbehave(x):
    x.headers([(":status", "103")], end=True)
