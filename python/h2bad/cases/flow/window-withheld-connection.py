# SPDX-License-Identifier: MIT
"""No credit for the connection

What the server sends
    Much credit for the stream, and none for the connection once its 65,535
    octets are used; half a second later for both.

What a client must do
    "The sender MUST NOT send a flow-controlled frame with a length that
    exceeds the space available in either of the flow-control windows
    advertised by the receiver." (RFC 9113 §6.9.1)

Why it matters
    A client that looks at the stream's window alone works until two uploads
    meet, and is cut off then.
"""
from h2bad.case import L

section = "RFC 9113 §6.9.1"
kind = "must"
expect = L()
needs = ("post:200k",)
withholds = True


def misbehave(x):
    x.window_update(1000000, x.s)
    x.body(n=65535, timeout=2.0)
    x.sleep(0.5)
    x.feed(50000)
