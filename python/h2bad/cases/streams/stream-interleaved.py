# SPDX-License-Identifier: MIT
"""Four responses, octet by octet in turn

What the server sends
    Four responses at the same time: of each in turn DATA with one octet.

What a client must do
    "A single HTTP/2 connection can contain multiple concurrently open streams,
    with either endpoint interleaving frames from multiple streams." (RFC 9113
    §5) Each program gets its own response.

Why it matters
    It is what HTTP/2 is for. A buffer that two streams share shows here.
"""
from h2bad.case import BODY, OK

section = "RFC 9113 §5"
kind = "must"
expect = OK()
needs = ("parallel:4",)


def misbehave(x):
    requests = x.need_good(4)
    for each in requests:
        x.headers(stream=each.stream)
    for octet in BODY:
        for each in requests:
            x.data(bytes([octet]), each.stream)
    for each in requests:
        x.data(b"", each.stream, end=True)
