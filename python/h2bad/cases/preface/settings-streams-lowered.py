# SPDX-License-Identifier: MIT
"""From five streams to one

What the server sends
    MAX_CONCURRENT_STREAMS 5 in its first SETTINGS; once five requests have
    come, SETTINGS with 1; then the responses, each after 0.1 seconds.

What a client must do
    "Endpoints MUST NOT exceed the limit set by their peer." (RFC 9113 §5.1.2)
    The five stay; the sixth comes when all of them are over, or on another
    connection.

Why it matters
    A client that counts free places, instead of open streams, opens one for
    each that ends.
"""
from h2bad.case import L

section = "RFC 9113 §5.1.2"
kind = "must"
expect = L()
needs = ("parallel:10",)


def connect(x):
    x.settings = [("MAX_CONCURRENT_STREAMS", 5)]


def misbehave(x):
    early = len(x.requests)
    x.need_requests(5)
    x.send_settings([("MAX_CONCURRENT_STREAMS", 1)])
    x.need_acks()
    x.answer(10, delay=0.1, least=1)
    if len(x.requests) == early > 5:
        x.skip("all requests came before SETTINGS was acknowledged")
