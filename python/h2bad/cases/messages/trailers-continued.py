# SPDX-License-Identifier: MIT
"""Trailers in HEADERS and CONTINUATION

What the server sends
    HEADERS with status 200, five octets of DATA, HEADERS with END_STREAM and
    half of the trailers, and CONTINUATION with the other half.

What a client must do
    Take it: a message has "optionally, one HEADERS frame (followed by zero or
    more CONTINUATION frames) containing the trailer section" (RFC 9113 §8.1).
    "a HEADERS frame with the END_STREAM flag set can be followed by
    CONTINUATION frames that carry any remaining fragments of the field block"
    (RFC 9113 §8.1).

Why it matters
    A client that closes the stream at END_STREAM takes CONTINUATION for a
    frame on a closed stream, and loses the state of HPACK.
"""
from h2bad.case import OK, block

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
content = b"hello"


def misbehave(x):
    x.held([(":status", "200")])
    trailers = block([("x-sum", "1"), ("x-signature", "abc")])
    x.headers(block=trailers[:10], end=True, end_headers=False)
    x.continuation(trailers[10:])
