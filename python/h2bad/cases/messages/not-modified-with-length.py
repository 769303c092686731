# SPDX-License-Identifier: MIT
"""Status 304 with content-length

What the server sends
    HEADERS with `:status: 304`, `content-length: 100` and END_STREAM.

What a client must do
    "A response that is defined to have no content, as described in [RFC9110]
    Section 6.4.1, MAY have a non-zero content-length header field, even though
    no content is included in DATA frames." (RFC 9113 §8.1.1)

Why it matters
    The length is that of the response that has not changed. A client that
    waits for it, or compares it with the content, fails on every revalidation.
"""
from h2bad.case import OK

section = "RFC 9113 §8.1.1"
kind = "must"
expect = OK()
content = b""


def misbehave(x):
    x.headers([(":status", "304"), ("content-length", "100")], end=True)
