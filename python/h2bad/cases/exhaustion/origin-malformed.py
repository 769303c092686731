# SPDX-License-Identifier: MIT
"""ORIGIN that is wrong

What the server sends
    ORIGIN frames: an entry longer than the frame, one on the stream of the
    request, and one with all flags.

What a client must do
    "The ORIGIN frame MUST be sent on stream 0; an ORIGIN frame on any other
    stream is invalid and MUST be ignored." (RFC 8336 §2.2) The same holds for
    the flags; one whose entries do not fit into it may be an error of the
    connection.

Why it matters
    A length that is believed reads memory behind the frame.
"""
from h2bad.case import C, I, struct

section = "RFC 8336 §2.2"
kind = "check"
expect = I() | C("FRAME_SIZE_ERROR")
wave = 2


def misbehave(x):
    origin = b"https://example.com"
    entry = struct.pack(">H", len(origin)) + origin
    x.frame("ORIGIN", 0, x.s, entry)
    x.frame("ORIGIN", 0xff, 0, entry)
    x.frame("ORIGIN", payload=struct.pack(">H", 1000) + origin)
