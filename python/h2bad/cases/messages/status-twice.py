# SPDX-License-Identifier: MIT
"""The pseudo-header field :status twice

What the server sends
    HEADERS with `:status: 200` two times (`?second=404`: two different ones),
    and five octets of DATA. The stream stays open.

What a client must do
    "A field block for an HTTP request or response that contains a repeated
    pseudo-header field name MUST be treated as malformed." (RFC 9113 §8.3)
    "Clients MUST NOT accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    One recipient takes the first status and the next one the last, so that a
    cache and the client behind it disagree on whether the request succeeded.
"""
from h2bad.case import M

section = "RFC 9113 §8.3"
kind = "must"
expect = M()
params = {"second": "200"}


def misbehave(x):
    x.held([(":status", "200"), (":status", x.param("second"))])
