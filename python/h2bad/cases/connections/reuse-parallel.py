# SPDX-License-Identifier: MIT
"""Ten requests at once, at the start

What the server sends
    Nothing unusual.

What a client must do
    Nothing is required at once; "Clients SHOULD NOT open more than one HTTP/2
    connection to a given host and port pair, where the host is derived from a
    URI, a selected alternative service, or a configured proxy." (RFC 9113
    §9.1)

Why it matters
    A client that knows nothing of the server yet may open a connection for
    each.
"""
from h2bad.case import R

section = "RFC 9113 §9.1"
kind = "check"
expect = R()
needs = ("parallel:10",)
wave = 2


def misbehave(x):
    x.answer(10, least=1)


def judge(o):
    n = o.asked_on
    return "info", "%d-connections" % n, "ten requests came on %d" % n
