# SPDX-License-Identifier: MIT
"""A response of one HEADERS frame

What the server sends
    HEADERS with status 200, `x-a: b` and END_STREAM, and nothing more.

What a client must do
    "The last frame in the sequence bears an END_STREAM flag" (RFC 9113 §8.1),
    and DATA frames and trailers are both optional.

Why it matters
    gRPC sends its errors so, by the name of Trailers-Only.
"""
from h2bad.case import OK

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
content = b""


def misbehave(x):
    x.headers([(":status", "200"), ("x-a", "b")], end=True)
