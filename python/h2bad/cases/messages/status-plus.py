# SPDX-License-Identifier: MIT
"""A :status with a sign or a space

What the server sends
    HEADERS with `:status: +20` (`?v=%20200`: with a space before 200), and
    five octets of DATA. The stream stays open.

What a client must do
    "The status code of a response is a three-digit integer code" (RFC 9110
    §15), and "Endpoints MUST treat a request or response that contains
    undefined or invalid pseudo-header fields as malformed." (RFC 9113 §8.3)
    "Clients MUST NOT accept a malformed response." (RFC 9113 §8.1.1)

Why it matters
    The usual library functions skip white space and take a sign.
"""
from h2bad.case import M

section = "RFC 9113 §8.3"
kind = "must"
expect = M()
params = {"v": "+20"}


def misbehave(x):
    x.held([(":status", x.param("v"))])
