# SPDX-License-Identifier: MIT
"""206 with another range

What the server sends
    206 with `content-range: bytes 5-9/13`, to a request with `range:
    bytes=0-4`.

What a client must do
    "A client MUST inspect a 206 response's Content-Type and Content-Range
    field(s) to determine what parts are enclosed and whether additional
    requests are needed." (RFC 9110 §15.3.7) Whether it is delivered or
    rejected is reported.

Why it matters
    A download that is resumed puts the octets at the wrong place.
"""
from h2bad.case import BODY, M, OK

section = "RFC 9110 §15.3.7"
kind = "check"
expect = OK() | M()
needs = ("range",)
content = BODY[5:10]


def misbehave(x):
    x.headers([(":status", "206"), ("content-range", "bytes 5-9/13"),
               ("content-length", "5")])
    x.data(content, end=True)
