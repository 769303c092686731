# SPDX-License-Identifier: MIT
"""PING on a stream

What the server sends
    PING on the request's stream.

What a client must do
    "If a PING frame is received with a Stream Identifier field value other
    than 0x00, the recipient MUST respond with a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §6.7)

Why it matters
    A client that acknowledges it, on stream 0 or on that stream, takes part in
    an exchange that the server cannot mean.
"""
from h2bad.case import C

section = "RFC 9113 §6.7"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1
fence = "SETTINGS"


def misbehave(x):
    x.frame("PING", 0, x.s, b"onstream")
