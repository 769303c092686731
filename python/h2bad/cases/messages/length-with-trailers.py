# SPDX-License-Identifier: MIT
"""content-length and trailers

What the server sends
    HEADERS with `content-length: 5`, five octets of DATA, and trailers with
    END_STREAM.

What a client must do
    Take it: a message consists of headers, content "and - optionally, one
    HEADERS frame (followed by zero or more CONTINUATION frames) containing the
    trailer section" (RFC 9113 §8.1).

Why it matters
    A client for which the content ends the response when its length is reached
    takes the trailers for a frame on a closed stream.
"""
from h2bad.case import OK

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
wave = 2
content = b"hello"


def misbehave(x):
    with x.together():
        x.headers([(":status", "200"), ("content-length", "5")])
        x.data("hello")
        x.headers([("x-sum", "1")], end=True)
