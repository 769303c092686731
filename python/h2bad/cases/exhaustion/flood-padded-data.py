# SPDX-License-Identifier: MIT
"""Padding, and no content

What the server sends
    HEADERS, and DATA frames of 255 octets of padding, as far as the windows
    of the client allow. It stops after 30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    Padding counts for flow control. A client that gives the credit back has
    work without content for ever; one that does not stands still.
"""
import time

from h2bad.case import D

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.headers()
    end = time.monotonic() + 3.0
    for _ in range(1000):
        if time.monotonic() > end or not x.need_window(256):
            break
        with x.together():
            for _ in range(min(30, x.window() // 256)):
                x.data(padding=255)
