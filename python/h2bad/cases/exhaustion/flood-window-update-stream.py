# SPDX-License-Identifier: MIT
"""Credit by the octet, for a stream

What the server sends
    WINDOW_UPDATE frames of one octet for the stream of the request. It stops
    after 64 MiB, 30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    Each may wake what waits for credit.
"""
from h2bad.case import D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.flood(frame("WINDOW_UPDATE", 0, x.s, (1).to_bytes(4, "big")))
