# SPDX-License-Identifier: MIT
"""PUSH_PROMISE on an idle stream

What the server sends
    PUSH_PROMISE for stream 2 on a stream that the client has not opened yet.

What a client must do
    "A receiver MUST treat the receipt of a PUSH_PROMISE on a stream that is
    neither "open" nor "half-closed (local)" as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §6.6)

Why it matters
    There is no request that it belongs to: a client that looks for it finds
    nothing.
"""
from h2bad.case import C

section = "RFC 9113 §6.6"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.push(stream=x.s + 100)
