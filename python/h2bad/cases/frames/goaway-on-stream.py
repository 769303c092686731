# SPDX-License-Identifier: MIT
"""GOAWAY on a stream

What the server sends
    GOAWAY with NO_ERROR on the request's stream.

What a client must do
    "An endpoint MUST treat a GOAWAY frame with a stream identifier other than
    0x00 as a connection error of type PROTOCOL_ERROR." (RFC 9113 §6.8)

Why it matters
    GOAWAY applies to the connection. A client that takes it for one stream's
    end loses the request, or sends it twice.
"""
from h2bad.case import C, struct

section = "RFC 9113 §6.8"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    x.frame("GOAWAY", 0, x.s, struct.pack(">II", x.s, 0))
