# SPDX-License-Identifier: MIT
"""A window beyond 2^31-1 by SETTINGS

What the server sends
    A WINDOW_UPDATE frame that brings the stream's window near 2^31-1 while
    the request's content is on its way, and then INITIAL_WINDOW_SIZE
    2^31-1.

What a client must do
    "An endpoint MUST treat a change to SETTINGS_INITIAL_WINDOW_SIZE that
    causes any flow-control window to exceed the maximum size as a
    connection error of type FLOW_CONTROL_ERROR." (RFC 9113 §6.9.2)

Why it matters
    It is the one way to make a window too large without WINDOW_UPDATE, and
    easily forgotten: a Haskell library for HTTP/2 stopped sending without a
    word (kazu-yamamoto/http2 196).
"""
from h2bad.case import C

section = "RFC 9113 §6.9.2"
kind = "must"
expect = C("FLOW_CONTROL_ERROR")
needs = ("post:1M",)
withholds = True
wave = 1


def misbehave(x):
    x.body(n=65535, timeout=1.0)
    x.here()
    x.window_update(2**31 - 1 - 65535, x.s)
    x.send_settings([("INITIAL_WINDOW_SIZE", 2**31 - 1)])
