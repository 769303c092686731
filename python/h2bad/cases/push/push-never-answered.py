# SPDX-License-Identifier: MIT
"""PUSH_PROMISE without a response

What the server sends
    PUSH_PROMISE for stream 2, and nothing on it for two seconds.

What a client must do
    "If the client determines, for any reason, that it does not wish to receive
    the pushed response from the server or if the server takes too long to
    begin sending the promised response, the client can send a RST_STREAM
    frame, using either the CANCEL or REFUSED_STREAM code and referencing the
    pushed stream's identifier." (RFC 9113 §8.4.2)

Why it matters
    A client that waits for the pushed response instead of asking itself waits
    for ever.
"""
from h2bad.case import R

section = "RFC 9113 §8.4.2"
kind = "check"
expect = R()


def misbehave(x):
    x.need_push()
    x.push()
    x.respond()
