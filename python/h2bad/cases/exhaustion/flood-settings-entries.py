# SPDX-License-Identifier: MIT
"""SETTINGS of 2,400 entries

What the server sends
    SETTINGS frames with 2,400 entries each. It stops after 64 MiB, 30,000
    frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    CVE-2020-11080: nghttp2 went through all of them, frame by frame.
"""
from h2bad.case import D, entries, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.flood(frame("SETTINGS", payload=entries(
        [("INITIAL_WINDOW_SIZE", 65535)] * 2400)))
