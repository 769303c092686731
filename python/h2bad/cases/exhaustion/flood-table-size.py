# SPDX-License-Identifier: MIT
"""HEADER_TABLE_SIZE, up and down

What the server sends
    SETTINGS frames that set HEADER_TABLE_SIZE to 0 and 4,096 by turns. It
    stops after 64 MiB, 30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    Each change empties the encoder's table of the client, and each has to be
    told in the next field block.
"""
from h2bad.case import D, entries, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.flood(b"".join(frame("SETTINGS", payload=entries(
        [("HEADER_TABLE_SIZE", size)])) for size in (0, 4096)))
