# SPDX-License-Identifier: MIT
"""The field keep-alive

What the server sends
    HEADERS with `:status: 200` and `keep-alive: timeout=5`, and five octets of
    DATA. The stream stays open.

What a client must do
    "Any message containing connection-specific header fields MUST be treated
    as malformed." (RFC 9113 §8.2.2) "Clients MUST NOT accept a malformed
    response." (RFC 9113 §8.1.1)

Why it matters
    A client that shares code with HTTP/1.1 applies it to its pool of
    connections; in HTTP/2 GOAWAY has that job.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.2"
kind = "must"
expect = M()


def misbehave(x):
    x.held([(":status", "200"), ("keep-alive", "timeout=5")])
