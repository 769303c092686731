# SPDX-License-Identifier: MIT
"""The field transfer-encoding in trailers

What the server sends
    A good response with five octets of DATA, and trailers, with END_STREAM,
    that contain `transfer-encoding: chunked`.

What a client must do
    "Any message containing connection-specific header fields MUST be treated
    as malformed." (RFC 9113 §8.2.2) "Clients MUST NOT accept a malformed
    response." (RFC 9113 §8.1.1)

Why it matters
    Trailers are often not checked as headers are.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.2"
kind = "must"
expect = M()
security = "proxy"


def misbehave(x):
    x.held([(":status", "200")])
    x.headers([("transfer-encoding", "chunked")], end=True)
