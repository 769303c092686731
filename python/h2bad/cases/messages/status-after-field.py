# SPDX-License-Identifier: MIT
"""The pseudo-header field :status after a field

What the server sends
    HEADERS with `x-a: b` and then `:status: 200`, and five octets of DATA. The
    stream stays open.

What a client must do
    "Any request or response that contains a pseudo-header field that appears
    in a field block after a regular field line MUST be treated as malformed."
    (RFC 9113 §8.3) "Clients MUST NOT accept a malformed response." (RFC 9113
    §8.1.1)

Why it matters
    A client that collects fields in a table does not notice the order, and
    takes what others reject.
"""
from h2bad.case import M

section = "RFC 9113 §8.3"
kind = "must"
expect = M()


def misbehave(x):
    x.held([("x-a", "b"), (":status", "200")])
