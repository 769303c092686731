# SPDX-License-Identifier: MIT
"""Promises that are never kept

What the server sends
    PUSH_PROMISE frames for ever new streams, which are never answered. It
    stops after 64 MiB, 30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    "A client that accepts server push SHOULD limit the number of streams it
    allows to be in the "reserved (remote)" state." (RFC 9113 §10.5)
"""
from h2bad.case import block, D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
needs = ("push",)
wave = 2
wait = 5.0


def misbehave(x):
    if not x.client_settings["ENABLE_PUSH"]:
        x.skip("the client does not allow pushes")
    promised = block(x.push_fields())
    x.flood(b"".join(frame("PUSH_PROMISE", "END_HEADERS", x.s,
                           (2 * i).to_bytes(4, "big") + promised)
                     for i in range(1, 30001)))
