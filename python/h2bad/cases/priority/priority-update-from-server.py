# SPDX-License-Identifier: MIT
"""PRIORITY_UPDATE from a server

What the server sends
    A PRIORITY_UPDATE frame on stream 0, with `u=1` for the request's
    stream.

What a client must do
    "Servers MUST NOT send PRIORITY_UPDATE frames. If a client receives a
    PRIORITY_UPDATE frame, it MUST respond with a connection error of type
    PROTOCOL_ERROR." (RFC 9218 §7.1)
    For a client without RFC 9218, which has sent no signal of it, this is a
    frame of an unknown type: "Implementations MUST ignore and discard
    frames of unknown types." (RFC 9113 §4.1)

Why it matters
    The frame is for servers alone; a client that takes it runs code that
    nobody has tested there.
"""
from h2bad.case import C, I

section = "RFC 9218 §7.1"
kind = "must"
expect = C("PROTOCOL_ERROR") | I()


def misbehave(x):
    x.frame("PRIORITY_UPDATE", 0, 0, x.s.to_bytes(4, "big") + b"u=1")


def judge(o):
    if o.has_priorities:
        return C("PROTOCOL_ERROR").judge(o)
    return expect.judge(o)
