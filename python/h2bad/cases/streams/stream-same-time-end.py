# SPDX-License-Identifier: MIT
"""Four responses that end in one write

What the server sends
    Four responses; the ends of all of them in one write, with a PING behind.

What a client must do
    "A single HTTP/2 connection can contain multiple concurrently open streams,
    with either endpoint interleaving frames from multiple streams." (RFC 9113
    §5) Each program gets its own response.

Why it matters
    A client that wakes up one program for each read leaves three of them
    waiting.
"""
from h2bad.case import OK

section = "RFC 9113 §5"
kind = "must"
expect = OK()
needs = ("parallel:4",)


def misbehave(x):
    requests = x.need_good(4)
    for each in requests:
        x.respond(each.stream, end=False)
    with x.together():
        for each in requests:
            x.data(b"", each.stream, end=True)
        x.ping()
