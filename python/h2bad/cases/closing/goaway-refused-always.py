# SPDX-License-Identifier: MIT
"""GOAWAY with last stream 0, again and again

What the server sends
    On each connection GOAWAY with 0 as its last stream and NO_ERROR, and its
    end, for five seconds at most.

What a client must do
    "A client SHOULD NOT automatically retry a failed automatic retry." (RFC
    9110 §9.2.2) More than 20 connections in that time fail.

Why it matters
    A client that connects again and again, several hundred times in a second,
    has become an attack.
"""
from h2bad.case import D

section = "RFC 9110 §9.2.2"
kind = "should"
expect = D()
wave = 2
every_connection = True


def misbehave(x):
    if x.age() > 5:
        return
    if x.count("attempts") > 20:
        x.fail("exceeded", "the request came more than 20 times")
        return
    x.goaway_close(last=0)
