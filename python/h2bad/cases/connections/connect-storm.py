# SPDX-License-Identifier: MIT
"""Each connection is refused

What the server sends
    GOAWAY with ENHANCE_YOUR_CALM and last stream 0 on each connection at
    once, and its end.

What a client must do
    Give up, or wait: ENHANCE_YOUR_CALM says "that its peer is exhibiting a
    behavior that might be generating excessive load" (RFC 9113 §7). More than
    20 connections fail.

Why it matters
    A client that comes back at once makes what the server suffers from.
"""
from h2bad.case import D

section = "RFC 9113 §7"
kind = "must"
expect = D()
wave = 2
every_connection = True
fence = None
finish = False


def begin(x):
    if x.count("connections") > 20:
        x.fail("exceeded", "more than 20 connections came")
        return
    x.goaway_close("ENHANCE_YOUR_CALM", last=0)
