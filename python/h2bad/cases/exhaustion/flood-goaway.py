# SPDX-License-Identifier: MIT
"""GOAWAY without end

What the server sends
    GOAWAY frames whose last stream becomes lower each time, with 16,000
    octets of debug data. It stops after 1,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    What a client keeps of each, for a log say, adds up.
"""
from h2bad.case import D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.flood(b"".join(frame("GOAWAY", payload=(
        0x7fffffff - 2 * i).to_bytes(4, "big") + bytes(4) + b"a" * 16000)
        for i in range(1000)), frames=1000)
