# SPDX-License-Identifier: MIT
"""Two requests, one connection

What the server sends
    Nothing unusual.

What a client must do
    "Clients SHOULD NOT open more than one HTTP/2 connection to a given host
    and port pair, where the host is derived from a URI, a selected
    alternative service, or a configured proxy." (RFC 9113 §9.1)

Why it matters
    Each connection costs a handshake, and starts with a cold window.
"""
from h2bad.case import OK

section = "RFC 9113 §9.1"
kind = "should"
expect = OK()
needs = ("requests:2",)
wave = 2


def misbehave(x):
    x.answer(2, least=1)


def judge(o):
    n = o.asked_on
    if n > 1:
        return "fail", "new-connection", "requests came on %d connections" % n
    return o.case.expect.judge(o)
