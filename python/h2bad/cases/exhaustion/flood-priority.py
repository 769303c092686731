# SPDX-License-Identifier: MIT
"""PRIORITY for ever new streams

What the server sends
    PRIORITY frames, each for another idle stream. It stops after 64 MiB,
    30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    CVE-2016-6580: Python priority kept a node for each. "Handling
    reprioritization with PRIORITY frames can require significant processing
    time" (RFC 9113 §10.5).
"""
from h2bad.case import D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.flood(b"".join(frame("PRIORITY", 0, x.s + 2 * i, bytes(4) + b"\x0f")
                     for i in range(1, 30001)))
