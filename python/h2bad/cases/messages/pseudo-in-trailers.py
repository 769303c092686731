# SPDX-License-Identifier: MIT
"""A pseudo-header field in trailers

What the server sends
    A good response with five octets of DATA, and trailers, with END_STREAM,
    that contain `:status: 200`.

What a client must do
    "An endpoint that receives pseudo-header fields in trailers MUST treat the
    request or response as malformed." (RFC 9113 §8.1) "Clients MUST NOT accept
    a malformed response." (RFC 9113 §8.1.1)

Why it matters
    A client that runs trailers through the same code as headers begins a
    second response, or changes the status of the first.
"""
from h2bad.case import M

section = "RFC 9113 §8.1"
kind = "must"
expect = M()


def misbehave(x):
    x.held([(":status", "200")])
    x.headers([(":status", "200")], end=True)
