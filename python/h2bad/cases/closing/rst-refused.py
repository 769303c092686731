# SPDX-License-Identifier: MIT
"""RST_STREAM with REFUSED_STREAM, once

What the server sends
    RST_STREAM with REFUSED_STREAM on the request's stream. What comes again is
    answered well.

What a client must do
    "Any request that was sent on the reset stream can be safely retried."
    "Requests that have not been processed have not failed; clients MAY
    automatically retry them, even those with non-idempotent methods." (RFC
    9113 §8.7) So it is sent again, or the program gets an error.

Why it matters
    It is how a server limits the number of requests that it processes.
"""
from h2bad.case import R

section = "RFC 9113 §8.7"
kind = "must"
expect = R(hang=True)
wave = 2


def misbehave(x):
    x.rst("REFUSED_STREAM")
