# SPDX-License-Identifier: MIT
"""SETTINGS without end

What the server sends
    SETTINGS frames of one entry. It stops after 64 MiB, 30,000 frames or 3
    seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    CVE-2019-9515: each asks for an acknowledgement, which has to be kept
    until it can be sent.
"""
from h2bad.case import D, entries, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.flood(frame("SETTINGS", payload=entries([("MAX_FRAME_SIZE", 16384)])))
