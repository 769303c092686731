# SPDX-License-Identifier: MIT
"""Content after an interim response

What the server sends
    HEADERS with `:status: 103`, five octets of DATA, and HEADERS with status
    200. The stream stays open.

What a client must do
    "A response stream starts with zero or more interim responses in HEADERS
    frames, followed by a HEADERS frame containing a final status code." (RFC
    9113 §8.1) DATA is extraneous before that. A response like this is
    malformed, and "Clients MUST NOT accept a malformed response." (RFC 9113
    §8.1.1)

Why it matters
    The content belongs to no response. A client that keeps it puts it before
    that of the final one.
"""
from h2bad.case import M

section = "RFC 9113 §8.1"
kind = "must"
expect = M()


def misbehave(x):
    x.held([(":status", "103")])
    x.headers()
