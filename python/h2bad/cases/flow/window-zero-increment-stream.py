# SPDX-License-Identifier: MIT
"""WINDOW_UPDATE by 0 on a stream

What the server sends
    A WINDOW_UPDATE frame with the increment 0 on the request's stream,
    while the request's content waits for credit.

What a client must do
    "A receiver MUST treat the receipt of a WINDOW_UPDATE frame with a
    flow-control window increment of 0 as a stream error of type
    PROTOCOL_ERROR; errors on the connection flow-control window MUST be
    treated as a connection error." (RFC 9113 §6.9)
    Once its request has ended, "a receiver can ignore WINDOW_UPDATE frames"
    (§5.1): hence the content that waits.

Why it matters
    It costs the server nothing and wakes the sender for nothing: the same
    frame again and again keeps it busy.
"""
from h2bad.case import S

section = "RFC 9113 §6.9"
kind = "must"
expect = S("PROTOCOL_ERROR")
needs = ("post:1M",)
withholds = True
wave = 1


def misbehave(x):
    x.body(n=65535, timeout=1.0)
    x.here()
    x.window_update(0, x.s)
