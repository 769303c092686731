# SPDX-License-Identifier: MIT
"""Status 101 to an ordinary request

What the server sends
    HEADERS with `:status: 101`. If the stream is not reset, a good response
    with status 200 follows.

What a client must do
    "HTTP/2 does not support the 101 (Switching Protocols) informational status
    code" (RFC 9113 §8.6). A client treats it as malformed, or as an interim
    response that it does not know: "A user agent MAY ignore unexpected 1xx
    responses." (RFC 9110 §15.2)

Why it matters
    A client that shares code with HTTP/1.1 takes the stream for another
    protocol, and never completes the request.
"""
from h2bad.case import I, M

section = "RFC 9113 §8.6"
kind = "should"
expect = M() | I()


def misbehave(x):
    x.headers([(":status", "101")])
    x.patience()
    if x.s not in x.resets:
        x.respond()
