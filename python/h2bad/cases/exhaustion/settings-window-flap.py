# SPDX-License-Identifier: MIT
"""The window, open and shut

What the server sends
    SETTINGS frames that set INITIAL_WINDOW_SIZE to 0 and 65,535 by turns
    during an upload. It stops after 4,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    Each changes the window of every stream: a client with many of them works
    for each frame.
"""
from h2bad.case import D, entries, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
needs = ("post:1M",)
wave = 2
wait = 5.0
flood = True


def misbehave(x):
    x.flood(b"".join(frame("SETTINGS", payload=entries(
        [("INITIAL_WINDOW_SIZE", size)])) for size in (0, 65535)),
        frames=4000)
