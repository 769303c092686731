# SPDX-License-Identifier: MIT
"""PRIORITY between all frames

What the server sends
    A PRIORITY frame on the request's stream before and after each frame of the
    response.

What a client must do
    "Sending or receiving a PRIORITY frame does not affect the state of any
    stream (Section 5.1)." (RFC 9113 §6.3)

Why it matters
    Priorities are deprecated, and still sent: a client has to know them well
    enough to ignore them.
"""
from h2bad.case import I

section = "RFC 9113 §6.3"
kind = "must"
expect = I()
content = b"hello"


def misbehave(x):
    x.priority()
    x.headers()
    x.priority()
    x.data("hel")
    x.priority()
    x.data("lo")
    x.priority()
