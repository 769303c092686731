# SPDX-License-Identifier: MIT
"""Status 204 with content-length

What the server sends
    HEADERS with `:status: 204`, `content-length: 5` and END_STREAM.

What a client must do
    "A response that is defined to have no content, as described in [RFC9110]
    Section 6.4.1, MAY have a non-zero content-length header field, even though
    no content is included in DATA frames." (RFC 9113 §8.1.1) For the server it
    is forbidden: "A server MUST NOT send a Content-Length header field in any
    response with a status code of 1xx (Informational) or 204 (No Content)."
    (RFC 9110 §8.6) So it may be taken or rejected; which one is reported.

Why it matters
    A client that waits for the five octets has an answer that never ends.
"""
from h2bad.case import M, OK

section = "RFC 9113 §8.1.1"
kind = "check"
expect = OK() | M()
content = b""


def misbehave(x):
    x.headers([(":status", "204"), ("content-length", "5")], end=True)
