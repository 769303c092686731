# SPDX-License-Identifier: MIT
"""ALTSVC of 16,384 octets

What the server sends
    An ALTSVC frame of 16,384 octets, which is as long as frames may be.

What a client must do
    "The ALTSVC frame is a non-critical extension to HTTP/2. Endpoints that do
    not support this frame will ignore it" (RFC 7838 §4). A client that does
    may have a limit of its own, and end the connection.

Why it matters
    CVE-2018-1000168: nghttp2, and so Node, followed a null pointer when the
    frame was longer than it took.
"""
from h2bad.case import C, I

section = "RFC 7838 §4"
kind = "must"
expect = I() | C("FRAME_SIZE_ERROR")
wave = 2


def misbehave(x):
    value = b'h2=":9"; ma=1, ' * 1024 + b'h2=":9"; ma=1'
    x.frame("ALTSVC", 0, x.s, (bytes(2) + value).ljust(16384))
