# SPDX-License-Identifier: MIT
"""PUSH_PROMISE with more padding than frame

What the server sends
    PUSH_PROMISE with the flag PADDED, whose Pad Length is the length of its
    payload.

What a client must do
    "If the length of the padding is the length of the frame payload or
    greater, the recipient MUST treat this as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §6.6)

Why it matters
    A client that subtracts without a look has a length below zero, which is a
    very large one.
"""
from h2bad.case import C, block

section = "RFC 9113 §6.6"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    payload = b"\0\0\0\2" + block(x.push_fields())
    x.frame("PUSH_PROMISE", ("END_HEADERS", "PADDED"), x.s,
            bytes([len(payload) + 1]) + payload)
