# SPDX-License-Identifier: MIT
"""PRIORITY in every state

What the server sends
    PRIORITY on an idle stream with an odd number, on an idle one with an even
    number, on the request's stream, and once more when its response is
    complete.

What a client must do
    "The PRIORITY frame can be sent on a stream in any state, including "idle"
    or "closed"." (RFC 9113 §6.3)

Why it matters
    A client that opens a record for the idle stream, or rejects the frame,
    breaks a connection that is in order.
"""
from h2bad.case import BODY, I

section = "RFC 9113 §6.3"
kind = "must"
expect = I()
content = BODY


def misbehave(x):
    x.priority(stream=x.s + 100)
    x.priority(stream=2)
    x.priority()
    x.respond()
    x.priority()
