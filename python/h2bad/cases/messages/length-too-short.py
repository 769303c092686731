# SPDX-License-Identifier: MIT
"""More content than content-length says

What the server sends
    HEADERS with `content-length: 5`, and then two DATA frames of five octets.
    The stream stays open.

What a client must do
    "A request or response is also malformed if the value of a content-length
    header field does not equal the sum of the DATA frame payload lengths that
    form the content, unless the message is defined as having no content." (RFC
    9113 §8.1.1) "Clients MUST NOT accept a malformed response." (RFC 9113
    §8.1.1)

Why it matters
    Forwarded to HTTP/1.1 the octets that are too many begin the response to
    the next request.
"""
from h2bad.case import M

section = "RFC 9113 §8.1.1"
kind = "must"
expect = M()
wave = 1
security = "proxy"


def misbehave(x):
    with x.together():
        x.headers([(":status", "200"), ("content-length", "5")])
        x.data("hello")
        x.data("extra")
