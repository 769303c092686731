# SPDX-License-Identifier: MIT
"""No streams for one second

What the server sends
    MAX_CONCURRENT_STREAMS 0 in its first SETTINGS. A request that was on the
    way is answered; after one second, SETTINGS with 100.

What a client must do
    "A zero value does prevent the creation of new streams; however, this can
    also happen for any limit that is exhausted with active streams." (RFC 9113
    §6.5.2) It binds the client once it has acknowledged it. Then the client
    waits, and sends its request once it can.

Why it matters
    Servers that start, or are overloaded, hold clients back so. A client that
    gives up at once, or never looks again, fails with them.
"""
from h2bad.case import L, no_streams

section = "RFC 9113 §6.5.2"
kind = "must"
expect = L()


def connect(x):
    x.settings = [("MAX_CONCURRENT_STREAMS", 0)]


def begin(x):
    no_streams(x, 1)
    x.send_settings([("MAX_CONCURRENT_STREAMS", 100)])


def judge(o):
    made = expect.judge(o)
    if made.reason == "gave-up" and o.first.requests():
        return ("skip", "not-exercised", "all requests came before SETTINGS "
                "was acknowledged")
    return made
