# SPDX-License-Identifier: MIT
"""Less content than content-length says

What the server sends
    HEADERS with `content-length: 10`, and one DATA frame of five octets with
    END_STREAM.

What a client must do
    "A request or response is also malformed if the value of a content-length
    header field does not equal the sum of the DATA frame payload lengths that
    form the content, unless the message is defined as having no content." (RFC
    9113 §8.1.1) "Clients MUST NOT accept a malformed response." (RFC 9113
    §8.1.1)

Why it matters
    A response that was cut off is taken for whole, and may be cached so.
    Forwarded to HTTP/1.1 it takes the beginning of the next response as its
    end.
"""
from h2bad.case import M

section = "RFC 9113 §8.1.1"
kind = "must"
expect = M()
wave = 1
security = "proxy"


def misbehave(x):
    x.headers([(":status", "200"), ("content-length", "10")])
    x.data("hello", end=True)
