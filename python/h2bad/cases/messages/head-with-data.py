# SPDX-License-Identifier: MIT
"""A response to HEAD with content

What the server sends
    HEADERS with status 200 and five octets of DATA, to a HEAD request. The
    stream stays open.

What a client must do
    "Responses to the HEAD request method (Section 9.3.2) never include
    content" (RFC 9110 §6.4.1). A message is malformed "due to the presence of
    extraneous frames" (RFC 9113 §8.1.1), and "Clients MUST NOT accept a
    malformed response." (RFC 9113 §8.1.1) To drop the content and take the
    response is tolerated.

Why it matters
    Forwarded to HTTP/1.1 the content is the beginning of the response to the
    next request.
"""
from h2bad.case import M

section = "RFC 9113 §8.1.1"
kind = "should"
expect = M(should=True)
needs = ("head",)
security = "proxy"
content = b""


def misbehave(x):
    x.held([(":status", "200")])
