# SPDX-License-Identifier: MIT
"""A slow response after GOAWAY

What the server sends
    HEADERS, GOAWAY with NO_ERROR and the request's stream as the last one,
    and the content within two seconds.

What a client must do
    "Activity on streams numbered lower than or equal to the last stream
    identifier might still complete successfully." (RFC 9113 §6.8)

Why it matters
    Servers that restart end their responses so. A client that drops them
    makes errors of a clean shutdown, and one whose new requests wait for
    the old ones makes delays.
"""
from h2bad.case import Moves

section = "RFC 9113 §6.8"
kind = "must"
expect = Moves()


def misbehave(x):
    x.headers([(":status", "200"), ("content-length", "1000")])
    x.send_goaway()
    for i in range(10):
        x.sleep(0.2)
        x.data("." * 99)
    x.later(x.data, "." * 10, end=True)
