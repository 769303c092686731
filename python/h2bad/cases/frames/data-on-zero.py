# SPDX-License-Identifier: MIT
"""DATA on stream 0

What the server sends
    A DATA frame with 5 octets on stream 0.

What a client must do
    "If a DATA frame is received whose Stream Identifier field is 0x00, the
    recipient MUST respond with a connection error of type PROTOCOL_ERROR."
    (RFC 9113 §6.1)

Why it matters
    Content without a message: a client that looks up the stream by its number
    finds none, or its own record of the connection.
"""
from h2bad.case import C

section = "RFC 9113 §6.1"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    x.frame("DATA", 0, 0, b"hello")
