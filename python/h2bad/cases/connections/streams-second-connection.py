# SPDX-License-Identifier: MIT
"""One stream, five requests

What the server sends
    MAX_CONCURRENT_STREAMS 1 on each connection.

What a client must do
    Nothing is required: a client may wait, or open more connections. "Clients
    SHOULD NOT open more than one HTTP/2 connection to a given host and port
    pair, where the host is derived from a URI, a selected alternative
    service, or a configured proxy." (RFC 9113 §9.1)

Why it matters
    What it does decides how a server has to be sized.
"""
from h2bad.case import R

section = "RFC 9113 §5.1.2"
kind = "check"
expect = R()
needs = ("parallel:5",)
wave = 2
every_connection = True


def connect(x):
    x.settings = [("MAX_CONCURRENT_STREAMS", 1)]


def misbehave(x):
    x.answer(5, least=1, patience=1.0)


def judge(o):
    n = o.asked_on
    return "info", "%d-connections" % n, "five requests came on %d" % n
