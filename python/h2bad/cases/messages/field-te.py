# SPDX-License-Identifier: MIT
"""The field te in a response

What the server sends
    HEADERS with `:status: 200` and `te: trailers`, and five octets of DATA.
    The stream stays open.

What a client must do
    "The only exception to this is the TE header field, which MAY be present in
    an HTTP/2 request" (RFC 9113 §8.2.2); in a response it is
    connection-specific as the others are, and "Any message containing
    connection-specific header fields MUST be treated as malformed." (RFC 9113
    §8.2.2)

Why it matters
    A check that is written once for requests and responses lets it pass.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.2"
kind = "should"
expect = M()


def misbehave(x):
    x.held([(":status", "200"), ("te", "trailers")])
