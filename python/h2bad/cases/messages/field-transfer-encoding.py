# SPDX-License-Identifier: MIT
"""The field transfer-encoding

What the server sends
    HEADERS with `:status: 200` and `transfer-encoding: chunked`, and five
    octets of DATA. The stream stays open.

What a client must do
    "Any message containing connection-specific header fields MUST be treated
    as malformed." (RFC 9113 §8.2.2) "Clients MUST NOT accept a malformed
    response." (RFC 9113 §8.1.1)

Why it matters
    Forwarded to HTTP/1.1 the content, which no chunk frames, is parsed as
    chunks: response smuggling. Go's client accepted and forwarded it
    (CVE-2026-78660).
"""
from h2bad.case import M

section = "RFC 9113 §8.2.2"
kind = "must"
expect = M()
wave = 1
security = "proxy"


def misbehave(x):
    x.held([(":status", "200"), ("transfer-encoding", "chunked")])
