# SPDX-License-Identifier: MIT
"""A response to HEAD with content-length

What the server sends
    HEADERS with `content-length: 100` and END_STREAM, to a HEAD request.

What a client must do
    "A response that is defined to have no content, as described in [RFC9110]
    Section 6.4.1, MAY have a non-zero content-length header field, even though
    no content is included in DATA frames." (RFC 9113 §8.1.1)

Why it matters
    A client that compares the length with the content of all responses rejects
    nearly every response to HEAD.
"""
from h2bad.case import OK

section = "RFC 9113 §8.1.1"
kind = "must"
expect = OK()
needs = ("head",)
content = b""


def misbehave(x):
    x.headers([(":status", "200"), ("content-length", "100")], end=True)
