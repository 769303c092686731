# SPDX-License-Identifier: MIT
"""A :status of four digits

What the server sends
    HEADERS with `:status: 2000`, and five octets of DATA. The stream stays
    open.

What a client must do
    "The status code of a response is a three-digit integer code" (RFC 9110
    §15), and "Endpoints MUST treat a request or response that contains
    undefined or invalid pseudo-header fields as malformed." (RFC 9113 §8.3)
    "Clients MUST NOT accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    A client that divides by 100 has class 20; one that looks at the first
    digit has a success; one with an array of classes reads beyond its end.
"""
from h2bad.case import M

section = "RFC 9113 §8.3"
kind = "must"
expect = M()


def misbehave(x):
    x.held([(":status", "2000")])
