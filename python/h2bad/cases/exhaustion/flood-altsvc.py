# SPDX-License-Identifier: MIT
"""ALTSVC without end

What the server sends
    ALTSVC frames (RFC 7838), each for another origin. It stops after 64 MiB,
    30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    An entry of a cache for each is memory that a server decides about.
"""
from h2bad.case import D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    sent = []
    for i in range(30000):
        origin = b"https://%d.example" % i
        sent.append(frame("ALTSVC", payload=len(origin).to_bytes(2, "big")
                          + origin + b'h2=":443"'))
    x.flood(b"".join(sent))
