# SPDX-License-Identifier: MIT
"""Windows of streams that are 0 at first

What the server sends
    INITIAL_WINDOW_SIZE 0 in the first SETTINGS. Once they are acknowledged,
    credit for what has come before, and after a PING 1,000 octets at a time
    until the request's content has ended; enough at once if that takes five
    seconds.

What a client must do
    "The sender MUST NOT send a flow-controlled frame with a length that
    exceeds the space available in either of the flow-control windows
    advertised by the receiver." (RFC 9113 §6.9.1) "When the value of
    SETTINGS_INITIAL_WINDOW_SIZE changes, a receiver MUST adjust the size of
    all stream flow-control windows that it maintains by the difference
    between the new value and the old value." (RFC 9113 §6.9.2)

Why it matters
    Proxies that cannot hold content begin so. A client that looks at the
    window only when it opens the stream sends too much, or waits forever.
"""
from h2bad.case import L

section = "RFC 9113 §6.9.2"
kind = "must"
expect = L()
needs = ("post:70k",)
withholds = True


def connect(x):
    x.settings = [("INITIAL_WINDOW_SIZE", 0)]


def misbehave(x):
    if x.received():
        x.window_update(x.received(), x.s)
    x.window_update(10000)
    x.passed()
    x.feed(1000)
