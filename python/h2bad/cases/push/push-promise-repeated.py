# SPDX-License-Identifier: MIT
"""PUSH_PROMISE for the same stream twice

What the server sends
    PUSH_PROMISE for stream 2, twice.

What a client must do
    "A receiver MUST treat the receipt of a PUSH_PROMISE that promises an
    illegal stream identifier as a connection error of type PROTOCOL_ERROR."
    (RFC 9113 §6.6) "Note that an illegal stream identifier is an identifier
    for a stream that is not currently in the "idle" state."

Why it matters
    The second request takes the place of the first one, under which the
    response may have been stored.
"""
from h2bad.case import C

section = "RFC 9113 §6.6"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.need_push()
    with x.together():
        x.push()
        x.push()
