# SPDX-License-Identifier: MIT
"""Status 304 with content

What the server sends
    HEADERS with `:status: 304` and five octets of DATA, to a request without
    conditions. The stream stays open.

What a client must do
    "All 1xx (Informational), 204 (No Content), and 304 (Not Modified)
    responses do not include content." (RFC 9110 §6.4.1) A message is malformed
    "due to the presence of extraneous frames" (RFC 9113 §8.1.1), and "Clients
    MUST NOT accept a malformed response." (RFC 9113 §8.1.1) To drop the
    content and take the response is tolerated.

Why it matters
    A cache that stores the content has replaced what it was told to keep; a
    proxy that forwards it begins the next response.
"""
from h2bad.case import M

section = "RFC 9113 §8.1.1"
kind = "should"
expect = M(should=True)
security = "proxy"
content = b""


def misbehave(x):
    x.held([(":status", "304")])
