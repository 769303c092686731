# SPDX-License-Identifier: MIT
"""A request's pseudo-header field in a response

What the server sends
    HEADERS with `:status: 200` and `:path: /`, and five octets of DATA. The
    stream stays open.

What a client must do
    "Pseudo-header fields defined for requests MUST NOT appear in responses"
    (RFC 9113 §8.3). A response like this is malformed, and "Clients MUST NOT
    accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    A proxy that keeps requests and responses in the same structure lets the
    response change the request (oven-sh/bun#36343).
"""
from h2bad.case import M

section = "RFC 9113 §8.3"
kind = "must"
expect = M()


def misbehave(x):
    x.held([(":status", "200"), (":path", "/")])
