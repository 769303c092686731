# SPDX-License-Identifier: MIT
"""content-length twice, and different

What the server sends
    HEADERS with the fields `content-length: 5` and `content-length: 6`, and
    five octets of DATA. The stream stays open.

What a client must do
    "A request or response is also malformed if the value of a content-length
    header field does not equal the sum of the DATA frame payload lengths that
    form the content, unless the message is defined as having no content." (RFC
    9113 §8.1.1) "Clients MUST NOT accept a malformed response." (RFC 9113
    §8.1.1)

Why it matters
    One recipient takes the first value and the next one the last: the basis of
    request and response smuggling. Go's client accepted such fields
    (CVE-2026-78660).
"""
from h2bad.case import M

section = "RFC 9113 §8.1.1"
kind = "must"
expect = M()
wave = 2
security = "proxy"


def misbehave(x):
    x.held([(":status", "200"), ("content-length", "5"),
            ("content-length", "6")])
