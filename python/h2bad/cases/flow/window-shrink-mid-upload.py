# SPDX-License-Identifier: MIT
"""A window that becomes negative

What the server sends
    After 30,000 octets of the request's content, INITIAL_WINDOW_SIZE 0, so
    that the stream's window is negative. Then credit in two steps that
    bring it to -1 and to 0, each followed by a PING; then more, until all
    has come.

What a client must do
    "A sender MUST track the negative flow-control window and MUST NOT send
    new flow-controlled frames until it receives WINDOW_UPDATE frames that
    cause the flow-control window to become positive." (RFC 9113 §6.9.2)

Why it matters
    A client that holds windows as unsigned numbers, or takes a negative one
    for 0, sends too much, and is cut off by servers that check.
"""
from h2bad.case import L

section = "RFC 9113 §6.9.2"
kind = "must"
expect = L()
needs = ("post:100k",)
withholds = True
wave = 1


def misbehave(x):
    x.window_update(1000000)
    if x.body(n=30000) < 2:
        x.skip("none of the content came")
    x.send_settings([("INITIAL_WINDOW_SIZE", 0)])
    x.acked(2)
    if x.ended():
        x.skip("all of the content came before the change was acknowledged")
    x.window_update(x.received() - 1, x.s)
    x.passed()
    x.window_update(1, x.s)
    x.passed()
    x.feed(20000)
