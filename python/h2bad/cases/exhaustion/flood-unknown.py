# SPDX-License-Identifier: MIT
"""Unknown frames without end

What the server sends
    Frames of the type 0x42, empty ones and such of 16,384 octets by turns. It
    stops after 64 MiB, 30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    They are to be ignored (RFC 9113 §4.1), and no window bounds them.
"""
from h2bad.case import D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.flood(frame(0x42) + frame(0x42, payload=bytes(16384)))
