# SPDX-License-Identifier: MIT
"""A response octet by octet

What the server sends
    HEADERS and DATA, each octet in a TLS record of its own.

What a client must do
    "All frames begin with a fixed 9-octet header followed by a variable-length
    frame payload." (RFC 9113 §4.1) Records and segments are no frames: the
    client collects the octets.

Why it matters
    A client that takes what one read gives for a frame works until the network
    cuts it elsewhere.
"""
from h2bad.case import OK

section = "RFC 9113 §4.1"
kind = "must"
expect = OK()
content = b"hello"


def misbehave(x):
    with x.together(piece=1):
        x.headers()
        x.data("hello")
