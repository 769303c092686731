# SPDX-License-Identifier: MIT
"""SETTINGS within a response

What the server sends
    HEADERS, SETTINGS, DATA, SETTINGS, and DATA.

What a client must do
    "A SETTINGS frame MUST be sent by both endpoints at the start of a
    connection and MAY be sent at any other time by either endpoint over the
    lifetime of the connection." (RFC 9113 §6.5)

Why it matters
    Servers change their limits under load, while responses are on the way.
"""
from h2bad.case import OK

section = "RFC 9113 §6.5"
kind = "must"
expect = OK()


def misbehave(x):
    x.headers()
    x.send_settings([("MAX_CONCURRENT_STREAMS", 100)])
    x.data("hello, ")
    x.send_settings([("INITIAL_WINDOW_SIZE", 100000)])
    x.data("world")
    x.need_acks()
