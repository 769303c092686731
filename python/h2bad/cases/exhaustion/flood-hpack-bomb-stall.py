# SPDX-License-Identifier: MIT
"""The bomb on many streams, which then rest

What the server sends
    On each of the requests a field block like that of flood-hpack-bomb with
    2,000 references, 8 MB decoded; then nothing, so that the responses stay.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    What is bounded for one stream may not be for a hundred: the "HTTP/2 bomb"
    of 2026 holds the decoded fields by flow control.
"""
from h2bad.case import D, field

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
needs = ("parallel:20",)
wave = 2
wait = 5.0


def misbehave(x):
    x.need_table(4096)
    block = b"\x88" + field("x-bomb", "a" * 3950, 0x40) + b"\xbe" * 2000
    for request in x.need_requests(20):
        x.headers(block=block, stream=request.stream)
