# SPDX-License-Identifier: MIT
"""Trailers without fields

What the server sends
    HEADERS with status 200, five octets of DATA, and HEADERS with END_STREAM
    and a field block of no octets.

What a client must do
    Take it: a message has "optionally, one HEADERS frame (followed by zero or
    more CONTINUATION frames) containing the trailer section" (RFC 9113 §8.1).

Why it matters
    Servers that find out late that there are no trailers end the stream so. A
    client in Haskell closed the connection (kazu-yamamoto/http2#202).
"""
from h2bad.case import OK, block

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
wave = 1
content = b"hello"


def misbehave(x):
    x.held([(":status", "200")])
    x.headers(block=b"", end=True)
