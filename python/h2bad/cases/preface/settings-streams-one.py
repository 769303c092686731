# SPDX-License-Identifier: MIT
"""One stream at a time

What the server sends
    MAX_CONCURRENT_STREAMS 1 in its first SETTINGS; each response comes 0.2
    seconds after the request could be answered.

What a client must do
    "Endpoints MUST NOT exceed the limit set by their peer." (RFC 9113 §5.1.2)
    It binds the client once it has acknowledged it; five requests come one
    after the other, or on other connections.

Why it matters
    A server resets the streams beyond its limit: requests fail that only had
    to wait.
"""
from h2bad.case import L

section = "RFC 9113 §5.1.2"
kind = "must"
expect = L()
needs = ("parallel:5",)
wave = 1


def connect(x):
    x.settings = [("MAX_CONCURRENT_STREAMS", 1)]


def misbehave(x):
    early = len(x.requests)
    x.answer(5, delay=0.2, least=1)
    if len(x.requests) == early > 1:
        x.skip("all requests came before SETTINGS was acknowledged")
