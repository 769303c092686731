# SPDX-License-Identifier: MIT
"""A response without :status

What the server sends
    HEADERS with `content-type: text/plain` alone, and five octets of DATA. The
    stream stays open.

What a client must do
    "This pseudo-header field MUST be included in all responses, including
    interim responses; otherwise, the response is malformed." (RFC 9113 §8.3.2)
    "Clients MUST NOT accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    Clients have taken such a response as one with status 0 or 200, or have
    waited for ever for a final one (oven-sh/bun#36343).
"""
from h2bad.case import M

section = "RFC 9113 §8.3.2"
kind = "must"
expect = M()
wave = 1


def misbehave(x):
    x.held([("content-type", "text/plain")])
