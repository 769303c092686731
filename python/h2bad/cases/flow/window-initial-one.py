# SPDX-License-Identifier: MIT
"""Windows of one octet

What the server sends
    INITIAL_WINDOW_SIZE 1 in the first SETTINGS. Once they are acknowledged,
    credit for what has come before; then one octet at a time, fifty times;
    then enough.

What a client must do
    "The sender MUST NOT send a flow-controlled frame with a length that
    exceeds the space available in either of the flow-control windows
    advertised by the receiver." (RFC 9113 §6.9.1)

Why it matters
    Where windows are small, an error of one shows: a window that is "not 0"
    is taken for enough, or one octet for none.
"""
from h2bad.case import L

section = "RFC 9113 §6.9.1"
kind = "must"
expect = L()
needs = ("post:70k",)
withholds = True


def connect(x):
    x.settings = [("INITIAL_WINDOW_SIZE", 1)]


def misbehave(x):
    if x.received():
        x.window_update(x.received(), x.s)
    x.window_update(10000)
    for n in range(50):
        x.body(n=x.received() + 1, timeout=0.05)
        x.window_update(1, x.s)
    x.passed()
    x.feed(20000)
