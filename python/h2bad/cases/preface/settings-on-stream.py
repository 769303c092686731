# SPDX-License-Identifier: MIT
"""SETTINGS on a stream

What the server sends
    An empty SETTINGS frame on the request's stream.

What a client must do
    "If an endpoint receives a SETTINGS frame whose Stream Identifier field is
    anything other than 0x00, the endpoint MUST respond with a connection error
    of type PROTOCOL_ERROR." (RFC 9113 §6.5)

Why it matters
    SETTINGS apply to a connection: a peer that sends them on a stream has lost
    its framing, or means something that the client does not know.
"""
from h2bad.case import C

section = "RFC 9113 §6.5"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    x.frame("SETTINGS", 0, x.s)
