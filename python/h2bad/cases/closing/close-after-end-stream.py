# SPDX-License-Identifier: MIT
"""A whole response, and the end behind it

What the server sends
    The response with END_STREAM, and at once close_notify and FIN, without
    GOAWAY.

What a client must do
    "An HTTP response is complete after the server sends -- or the client
    receives -- a frame with the END_STREAM flag set" (RFC 9113 §8.1). So it is
    taken.

Why it matters
    A client that looks at the end of the connection first throws away what it
    has already received.
"""
from h2bad.case import Delivered

section = "RFC 9113 §8.1"
kind = "must"
expect = Delivered()
wave = 2


def misbehave(x):
    x.complete()
    with x.together():
        x.respond()
    x.close("tls")
