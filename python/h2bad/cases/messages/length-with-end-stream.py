# SPDX-License-Identifier: MIT
"""content-length without content

What the server sends
    HEADERS with `:status: 302`, `location: /canary`, `content-length: 5` and
    END_STREAM. Only a client that has accepted the response asks for
    `/canary`.

What a client must do
    "A request or response is also malformed if the value of a content-length
    header field does not equal the sum of the DATA frame payload lengths that
    form the content, unless the message is defined as having no content." (RFC
    9113 §8.1.1) "Clients MUST NOT accept a malformed response." (RFC 9113
    §8.1.1)

Why it matters
    The length is often looked at only when DATA comes, and here none does.
"""
from h2bad.case import M

section = "RFC 9113 §8.1.1"
kind = "must"
expect = M()
wave = 1
security = "proxy"


def misbehave(x):
    x.headers([(":status", "302"), ("location", x.place("/canary")),
               ("content-length", "5")], end=True)
