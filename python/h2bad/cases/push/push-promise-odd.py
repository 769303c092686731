# SPDX-License-Identifier: MIT
"""PUSH_PROMISE for a stream of the client's

What the server sends
    PUSH_PROMISE for a stream with an odd number that is not in use.

What a client must do
    "A receiver MUST treat the receipt of a PUSH_PROMISE that promises an
    illegal stream identifier as a connection error of type PROTOCOL_ERROR."
    (RFC 9113 §6.6) "those initiated by the server MUST use even-numbered
    stream identifiers" (§5.1.1).

Why it matters
    The number is one that the client itself will use soon: two requests on one
    stream.
"""
from h2bad.case import C

section = "RFC 9113 §6.6"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.need_push()
    x.push(x.s + 100)
