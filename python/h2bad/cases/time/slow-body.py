# SPDX-License-Identifier: MIT
"""Content in slow pieces

What the server sends
    HEADERS, and ten DATA frames of 100 octets, one each 200 ms.

What a client must do
    No rule: the client's patience is the result. A client without a limit
    for the whole takes the response.

Why it matters
    Streams of events look like this. A time limit for the whole ends them,
    one between two reads does not.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R(gives_up=True)
fence = None
wait = 0.1


def misbehave(x):
    x.headers()
    for i in range(10):
        x.data("." * 100)
        x.sleep(0.2)
