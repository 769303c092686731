# SPDX-License-Identifier: MIT
"""RST_STREAM that asks for HTTP/1.1

What the server sends
    RST_STREAM with HTTP_1_1_REQUIRED on the request's stream. What comes again
    is answered well, over HTTP/1.1 if the client then offers nothing else.

What a client must do
    HTTP_1_1_REQUIRED: "The endpoint requires that HTTP/1.1 be used instead of
    HTTP/2." (RFC 9113 §7) The request comes again over HTTP/1.1, or the
    program gets an error.

Why it matters
    Servers send it for what they cannot do over HTTP/2. A client that repeats
    the request over HTTP/2 goes in a circle.
"""
from h2bad.case import R

section = "RFC 9113 §7"
kind = "must"
expect = R(hang=True)
wave = 2
needs = ("h1",)


def misbehave(x):
    x.rst("HTTP_1_1_REQUIRED")
