# SPDX-License-Identifier: MIT
"""Empty DATA without end

What the server sends
    HEADERS, and DATA frames without content and without END_STREAM. It stops
    after 64 MiB, 30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    CVE-2019-9518, RUSTSEC-2026-0258: they cost no credit, so that nothing
    bounds them; hyper put each in a queue.
"""
from h2bad.case import D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.headers()
    x.flood(frame("DATA", 0, x.s))
