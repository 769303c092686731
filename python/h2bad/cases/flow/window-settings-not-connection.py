# SPDX-License-Identifier: MIT
"""The connection's window and INITIAL_WINDOW_SIZE

What the server sends
    INITIAL_WINDOW_SIZE 1,000,000 in the first SETTINGS, and no credit for
    the connection until its 65,535 octets are used and half a second has
    passed.

What a client must do
    "A SETTINGS frame cannot alter the connection flow-control window." (RFC
    9113 §6.9.2)

Why it matters
    A client that applies the setting to the connection too sends more than
    the server has allowed.
"""
from h2bad.case import L

section = "RFC 9113 §6.9.2"
kind = "must"
expect = L()
needs = ("post:200k",)
withholds = True


def connect(x):
    x.settings = [("INITIAL_WINDOW_SIZE", 1000000)]


def misbehave(x):
    x.body(n=65535, timeout=2.0)
    x.sleep(0.5)
    x.feed(50000)
