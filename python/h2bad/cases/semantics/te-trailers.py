# SPDX-License-Identifier: MIT
"""Connection-specific fields of the request

What the server sends
    A good response. It is the request that is looked at: `te`, `connection`
    and its like; how `cookie` is split is in the trace.

What a client must do
    "An endpoint MUST NOT generate an HTTP/2 message containing
    connection-specific header fields." (RFC 9113 §8.2.2) Of `te`: "when it is,
    it MUST NOT contain any value other than "trailers"" (RFC 9113 §8.2.2).

Why it matters
    Servers reject such requests as malformed. Libraries that serve HTTP/1.1
    and HTTP/2 through one interface pass on what the program sets.
"""
from h2bad.case import L

section = "RFC 9113 §8.2.2"
kind = "must"
expect = L()
SPECIFIC = ("connection", "proxy-connection", "keep-alive",
            "transfer-encoding", "upgrade")


def misbehave(x):
    for name, value in x.request.fields:
        if name in SPECIFIC:
            x.fail("connection-specific", "the request has the field " + name)
        elif name == "te" and value.lower() != "trailers":
            x.fail("te", "the request has the field te: " + value)
    x.note("fields", te=x.request.get("te"), cookies=[
        value for name, value in x.request.fields if name == "cookie"])
