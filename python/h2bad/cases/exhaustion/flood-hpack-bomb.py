# SPDX-License-Identifier: MIT
"""One octet, four thousand

What the server sends
    A field of 4,000 octets is inserted into the dynamic table; 60,000 octets
    refer to it, which makes 240 MB of fields.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    CVE-2016-1544 (nghttp) and CVE-2016-6581 (Python hpack): 16 kB became 64
    MB.
"""
from h2bad.case import D, field

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.need_table(4096)
    x.large_block(b"\x88" + field("x-bomb", "a" * 3950, 0x40)
                   + b"\xbe" * 60000)
