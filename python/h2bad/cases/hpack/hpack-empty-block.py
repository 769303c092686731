# SPDX-License-Identifier: MIT
"""A response with an empty field block

What the server sends
    HEADERS with END_HEADERS and no octet of a field block, then DATA; the
    stream stays open.

What a client must do
    An empty block can be decoded, but has no status: "This pseudo-header
    field MUST be included in all responses, including interim responses;
    otherwise, the response is malformed." (RFC 9113 §8.3.2)

Why it matters
    A client that waits for fields, or has a status of 0, hands on a
    response that nobody has made.
"""
from h2bad.case import M

section = "RFC 9113 §8.3.2"
kind = "must"
expect = M()


def misbehave(x):
    x.headers(block=b"")
    x.data("hello")
