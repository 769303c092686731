# SPDX-License-Identifier: MIT
"""ORIGIN without end

What the server sends
    ORIGIN frames (RFC 8336) of 500 origins each, new ones in each frame. It
    stops after 1,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    CVE-2026-48619: the set of origins of Node's client grew with each.
"""
from h2bad.case import D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    sent = []
    for i in range(1000):
        names = [b"https://%d-%d.example" % (i, j) for j in range(500)]
        sent.append(frame("ORIGIN", payload=b"".join(
            len(n).to_bytes(2, "big") + n for n in names)))
    x.flood(b"".join(sent), frames=1000)
