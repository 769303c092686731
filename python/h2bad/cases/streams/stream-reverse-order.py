# SPDX-License-Identifier: MIT
"""Four responses, the last one first

What the server sends
    Four responses, in the reverse order of the requests.

What a client must do
    "A single HTTP/2 connection can contain multiple concurrently open streams,
    with either endpoint interleaving frames from multiple streams." (RFC 9113
    §5) Each program gets its own response.

Why it matters
    A client that takes the responses in the order of its requests gives each
    to the wrong one, or waits for ever.
"""
from h2bad.case import OK

section = "RFC 9113 §5"
kind = "must"
expect = OK()
needs = ("parallel:4",)


def misbehave(x):
    for each in reversed(x.need_good(4)):
        x.respond(each.stream)
