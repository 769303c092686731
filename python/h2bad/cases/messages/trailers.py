# SPDX-License-Identifier: MIT
"""Trailers

What the server sends
    HEADERS with status 200, five octets of DATA, and HEADERS with `x-sum: 1`
    and END_STREAM.

What a client must do
    Take it: a message has "optionally, one HEADERS frame (followed by zero or
    more CONTINUATION frames) containing the trailer section" (RFC 9113 §8.1).

Why it matters
    gRPC has its status in trailers. In curl they were once copied past the end
    of a buffer (CVE-2018-1000005).
"""
from h2bad.case import OK

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
wave = 1
content = b"hello"


def misbehave(x):
    x.held([(":status", "200")])
    x.headers([("x-sum", "1")], end=True)
