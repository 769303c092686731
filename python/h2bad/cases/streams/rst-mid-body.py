# SPDX-License-Identifier: MIT
"""RST_STREAM in the middle of a response

What the server sends
    HEADERS without content-length, DATA with 5 octets, RST_STREAM with
    INTERNAL_ERROR.

What a client must do
    "An HTTP response is complete after the server sends -- or the client
    receives -- a frame with the END_STREAM flag set" (RFC 9113 §8.1). The
    program gets an error.

Why it matters
    Without a length only END_STREAM tells that the content is whole: a client
    that forgets it hands on half a file.
"""
from h2bad.case import Incomplete

section = "RFC 9113 §8.1"
kind = "must"
expect = Incomplete(kept=True)


def misbehave(x):
    x.headers()
    x.data("hello")
    x.rst("INTERNAL_ERROR")
