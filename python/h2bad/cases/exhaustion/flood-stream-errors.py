# SPDX-License-Identifier: MIT
"""An error for each stream, and nothing is read

What the server sends
    WINDOW_UPDATE with the increment 0 on each of 20 streams, again and again,
    while the server reads nothing. It stops after 64 MiB, 30,000 frames or 3
    seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    RUSTSEC-2024-0003: hyper put a RST_STREAM into a queue for each, and the
    queue had no bound. "An invalid request (or server push) can cause a peer
    to send RST_STREAM frames in response." (RFC 9113 §10.5)
"""
from h2bad.case import D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
needs = ("parallel:20",)
wave = 2
wait = 5.0


def misbehave(x):
    x.flood(b"".join(frame("WINDOW_UPDATE", 0, request.stream, bytes(4))
                     for request in x.need_requests(20)), reading=False)
