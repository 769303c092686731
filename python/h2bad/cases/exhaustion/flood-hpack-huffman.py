# SPDX-License-Identifier: MIT
"""The longest Huffman codes

What the server sends
    HEADERS without END_HEADERS, and CONTINUATION frames with values of
    nothing but symbols whose code has 30 bits. It stops after 64 MiB, 30,000
    frames or 3 seconds.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    CVE-2022-41723: decoding cost Go far more than sending did the peer.
"""
from h2bad.case import D, frame, integer, string

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    value = int(("1" * 29 + "0") * 4, 2).to_bytes(15, "big") * 32
    coded = b"\x10" + string("x-huffman") + integer(len(value), 7, 0x80) \
        + value
    x.headers(end_headers=False)
    x.flood(frame("CONTINUATION", 0, x.s, coded * 33))
    x.continuation()
