# SPDX-License-Identifier: MIT
"""Unknown settings before a known one

What the server sends
    In its first SETTINGS 0x00ff, 0xffff and 0x0a0a, which nobody knows, then
    INITIAL_WINDOW_SIZE 100. Once that is acknowledged, credit for what has
    come already.

What a client must do
    "An endpoint that receives a SETTINGS frame with any unknown or unsupported
    identifier MUST ignore that setting." (RFC 9113 §6.5.2) The one behind them
    applies: the client may then send 100 octets more.

Why it matters
    Extensions depend on it, and so do servers that send identifiers at random
    (GREASE). A client that stops at the first unknown one misses the rest.
"""
from h2bad.case import L

section = "RFC 9113 §6.5.2"
kind = "must"
expect = L()
needs = ("post:100k",)
wave = 1
withholds = True


def connect(x):
    x.settings = [(0x00ff, 1), (0xffff, 0xffffffff), (0x0a0a, 0),
                  ("INITIAL_WINDOW_SIZE", 100)]


def misbehave(x):
    x.need_acks()
    x.burst(100)
    x.feed(65535)
