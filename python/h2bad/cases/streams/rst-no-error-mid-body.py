# SPDX-License-Identifier: MIT
"""RST_STREAM with NO_ERROR in mid-response

What the server sends
    HEADERS with content-length 10, DATA with 5 octets, RST_STREAM with
    NO_ERROR.

What a client must do
    "An HTTP response is complete after the server sends -- or the client
    receives -- a frame with the END_STREAM flag set" (RFC 9113 §8.1); only
    behind that has NO_ERROR its meaning. The program gets an error.

Why it matters
    A client that takes it for the end hands on half a file, and nobody
    notices.
"""
from h2bad.case import Incomplete

section = "RFC 9113 §8.1"
kind = "must"
expect = Incomplete(kept=True)


def misbehave(x):
    x.headers([(":status", "200"), ("content-length", "10")])
    x.data("hello")
    x.rst("NO_ERROR")
