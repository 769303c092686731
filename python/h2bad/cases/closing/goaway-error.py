# SPDX-License-Identifier: MIT
"""GOAWAY with an error in the middle of a response

What the server sends
    HEADERS without content-length, DATA with 5 octets, GOAWAY with the
    request's stream and INTERNAL_ERROR, and the end of the connection.

What a client must do
    "An HTTP response is complete after the server sends -- or the client
    receives -- a frame with the END_STREAM flag set" (RFC 9113 §8.1). Without
    it the program is to get an error, or what another attempt brings.

Why it matters
    A client that takes what has come for all of it hands on half a file, and
    nobody notices.
"""
from h2bad.case import Incomplete

section = "RFC 9113 §8.1"
kind = "must"
expect = Incomplete()
wave = 2


def misbehave(x):
    x.headers()
    x.data("hello")
    x.goaway_close("INTERNAL_ERROR")
