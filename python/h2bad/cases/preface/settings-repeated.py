# SPDX-License-Identifier: MIT
"""Settings twice in one frame

What the server sends
    In its first SETTINGS MAX_CONCURRENT_STREAMS 0, then 100,
    INITIAL_WINDOW_SIZE 10, then 20. Once that is acknowledged, credit for what
    has come already.

What a client must do
    "Settings are processed in the order in which they appear, and a receiver
    of a SETTINGS frame does not need to maintain any state other than the
    current value of each setting. Therefore, the value of a SETTINGS parameter
    is the last value that is seen by a receiver." (RFC 9113 §6.5) So streams
    can be opened, and 20 octets more can be sent.

Why it matters
    A client that acts on the first values never sends its request; one that
    keeps them in a table by name may keep any.
"""
from h2bad.case import L

section = "RFC 9113 §6.5"
kind = "must"
expect = L()
needs = ("post:100k",)
withholds = True


def connect(x):
    x.settings = [("MAX_CONCURRENT_STREAMS", 0),
                  ("MAX_CONCURRENT_STREAMS", 100),
                  ("INITIAL_WINDOW_SIZE", 10), ("INITIAL_WINDOW_SIZE", 20)]


def misbehave(x):
    x.need_acks()
    x.burst(20)
    x.feed(65535)
