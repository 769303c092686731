# SPDX-License-Identifier: MIT
"""An unknown pseudo-header field

What the server sends
    HEADERS with `:status: 200` and `:foo: bar`, and five octets of DATA. The
    stream stays open.

What a client must do
    "Endpoints MUST treat a request or response that contains undefined or
    invalid pseudo-header fields as malformed." (RFC 9113 §8.3) "Clients MUST
    NOT accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    Forwarded to HTTP/1.1 it is a field line that begins with a colon, which
    recipients split in different ways.
"""
from h2bad.case import M

section = "RFC 9113 §8.3"
kind = "must"
expect = M()


def misbehave(x):
    x.held([(":status", "200"), (":foo", "bar")])
