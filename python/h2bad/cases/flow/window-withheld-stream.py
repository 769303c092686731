# SPDX-License-Identifier: MIT
"""No credit for the stream

What the server sends
    Much credit for the connection, and none for the stream once its 65,535
    octets are used; half a second later for both.

What a client must do
    "The sender MUST NOT send a flow-controlled frame with a length that
    exceeds the space available in either of the flow-control windows
    advertised by the receiver." (RFC 9113 §6.9.1)

Why it matters
    A client that looks at the connection's window alone sends what the
    server has no room for.
"""
from h2bad.case import L

section = "RFC 9113 §6.9.1"
kind = "must"
expect = L()
needs = ("post:200k",)
withholds = True


def misbehave(x):
    x.window_update(1000000)
    x.body(n=65535, timeout=2.0)
    x.sleep(0.5)
    x.feed(50000)
