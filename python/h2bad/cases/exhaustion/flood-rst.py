# SPDX-License-Identifier: MIT
"""RST_STREAM for a closed stream

What the server sends
    The response, and then RST_STREAM frames for its stream. It stops after 64
    MiB, 30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    A client that remembers closed streams, or logs each frame, does so each
    time.
"""
from h2bad.case import D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.respond()
    x.flood(frame("RST_STREAM", 0, x.s, bytes(4)))
