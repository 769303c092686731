# SPDX-License-Identifier: MIT
"""An interim response and nothing more

What the server sends
    HEADERS with `:status: 103`, and an empty DATA frame with END_STREAM.

What a client must do
    "A response stream starts with zero or more interim responses in HEADERS
    frames, followed by a HEADERS frame containing a final status code." (RFC
    9113 §8.1) DATA is extraneous before that, and the final response is
    missing. A response like this is malformed, and "Clients MUST NOT accept a
    malformed response." (RFC 9113 §8.1.1)

Why it matters
    Clients have delivered status 103, or have waited for the final response
    for ever.
"""
from h2bad.case import M

section = "RFC 9113 §8.1"
kind = "must"
expect = M()


def misbehave(x):
    x.headers([(":status", "103")])
    x.data(end=True)
