# SPDX-License-Identifier: MIT
"""Credit never comes

What the server sends
    No credit, for three seconds, for a request with 100,000 octets of
    content.

What a client must do
    No rule: the client's patience is the result. "A sender MUST respect
    flow-control limits imposed by a receiver." (RFC 9113 §5.2.1)

Why it matters
    A client whose time limits count only what it reads waits for such a
    server forever.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R(gives_up=True)
needs = ("post:100k",)
withholds = True
fence = None
wait = 3.0


def misbehave(x):
    x.body(n=65535, timeout=1.0)
    x.here()        # the driver waits now
