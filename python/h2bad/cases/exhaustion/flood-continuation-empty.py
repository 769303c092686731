# SPDX-License-Identifier: MIT
"""Empty CONTINUATION without end

What the server sends
    HEADERS without END_HEADERS, and CONTINUATION frames of no octets at all.
    It stops after 64 MiB, 30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    oven-sh/bun#36411: a server could keep a fetch() waiting for ever.
    CVE-2026-33871: in Netty empty frames passed the limit on size.
"""
from h2bad.case import D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 1
wait = 5.0


def misbehave(x):
    x.headers(end_headers=False)
    x.flood(frame("CONTINUATION", 0, x.s))
    x.continuation()
