# SPDX-License-Identifier: MIT
"""A frame that stops in its middle

What the server sends
    HEADERS, and a DATA frame of 1,000 octets of which the first 10 come;
    nothing for three seconds; then the rest.

What a client must do
    No rule: the client's patience is the result.

Why it matters
    All of the client's requests on the connection wait for these octets. A
    client that hands on no part of a frame has not even the ten.
"""
from h2bad.case import R, frame

section = "none"
kind = "check"
expect = R(gives_up=True)
fence = None
wait = 3.0


def misbehave(x):
    x.headers()
    x.octets(frame("DATA", 0, x.s, b"." * 10, length=1000))
    x.patience()
    x.octets(b"." * 990)
