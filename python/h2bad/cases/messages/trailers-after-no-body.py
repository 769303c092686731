# SPDX-License-Identifier: MIT
"""Trailers without content

What the server sends
    HEADERS with status 200, and HEADERS with `x-a: b` and END_STREAM; no DATA
    between them.

What a client must do
    Take it: a message has "optionally, one HEADERS frame (followed by zero or
    more CONTINUATION frames) containing the trailer section" (RFC 9113 §8.1).
    Before it come zero or more DATA frames.

Why it matters
    A client that expects DATA after the headers takes the trailers for a
    second header section.
"""
from h2bad.case import OK

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
content = b""


def misbehave(x):
    x.headers()
    x.headers([("x-a", "b")], end=True)
