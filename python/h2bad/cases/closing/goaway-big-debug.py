# SPDX-License-Identifier: MIT
"""GOAWAY with 16,376 octets of debug data

What the server sends
    GOAWAY with the request's stream, NO_ERROR and as much debug data as fits
    into the frame; then the response.

What a client must do
    "Endpoints MAY append opaque data to the frame payload of any GOAWAY frame.
    Additional debug data is intended for diagnostic purposes only and carries
    no semantic value." (RFC 9113 §6.8)

Why it matters
    A buffer of fixed size for the reason is a buffer to write beyond.
"""
from h2bad.case import Moves

section = "RFC 9113 §6.8"
kind = "must"
expect = Moves()
wave = 2


def misbehave(x):
    x.send_goaway(debug=b"debug..\n" * 2047)
