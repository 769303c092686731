# SPDX-License-Identifier: MIT
"""206 to a request without a range

What the server sends
    206 with `content-range: bytes 0-4/13`, to a request without `range`.

What a client must do
    "A client MUST inspect a 206 response's Content-Type and Content-Range
    field(s) to determine what parts are enclosed and whether additional
    requests are needed." (RFC 9110 §15.3.7) Whether it is delivered or
    rejected is reported.

Why it matters
    A client that takes every 2xx for the whole, or its cache, keeps the first
    five octets as all there is.
"""
from h2bad.case import BODY, M, OK

section = "RFC 9110 §15.3.7"
kind = "check"
expect = OK() | M()
content = BODY[:5]


def misbehave(x):
    x.headers([(":status", "206"), ("content-range", "bytes 0-4/13"),
               ("content-length", "5")])
    x.data(content, end=True)
