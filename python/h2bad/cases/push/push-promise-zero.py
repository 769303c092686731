# SPDX-License-Identifier: MIT
"""PUSH_PROMISE for stream 0

What the server sends
    PUSH_PROMISE that promises stream 0.

What a client must do
    "A receiver MUST treat the receipt of a PUSH_PROMISE that promises an
    illegal stream identifier as a connection error of type PROTOCOL_ERROR."
    (RFC 9113 §6.6) "the stream identifier of zero cannot be used to establish
    a new stream" (§5.1.1).

Why it matters
    Tables of streams often begin with what stands for the connection.
"""
from h2bad.case import C

section = "RFC 9113 §6.6"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.need_push()
    x.push(0)
