# SPDX-License-Identifier: MIT
"""A :status of two digits

What the server sends
    HEADERS with `:status: 20`, and five octets of DATA. The stream stays open.

What a client must do
    "The status code of a response is a three-digit integer code" (RFC 9110
    §15), and "Endpoints MUST treat a request or response that contains
    undefined or invalid pseudo-header fields as malformed." (RFC 9113 §8.3)
    "Clients MUST NOT accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    Taken as a number it is 20, which is in no class; a client that looks at
    the first digit alone takes it for a success.
"""
from h2bad.case import M

section = "RFC 9113 §8.3"
kind = "must"
expect = M()


def misbehave(x):
    x.held([(":status", "20")])
