# SPDX-License-Identifier: MIT
"""PUSH_PROMISE on stream 0

What the server sends
    PUSH_PROMISE for stream 2 on stream 0.

What a client must do
    "If the Stream Identifier field specifies the value 0x00, a recipient MUST
    respond with a connection error of type PROTOCOL_ERROR." (RFC 9113 §6.6)

Why it matters
    There is no request that it belongs to: a client that looks for it finds
    nothing.
"""
from h2bad.case import C, block

section = "RFC 9113 §6.6"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.frame("PUSH_PROMISE", "END_HEADERS", 0,
            b"\0\0\0\2" + block(x.push_fields()))
