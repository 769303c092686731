# SPDX-License-Identifier: MIT
"""RST_STREAM with REFUSED_STREAM, again and again

What the server sends
    RST_STREAM with REFUSED_STREAM for each attempt, on any connection, for
    five seconds at most.

What a client must do
    "A client SHOULD NOT automatically retry a failed automatic retry." (RFC
    9110 §9.2.2) More than 20 attempts in that time fail.

Why it matters
    A loop without an end keeps client and server busy with nothing, the more
    the more clients there are.
"""
from h2bad.case import D

section = "RFC 9110 §9.2.2"
kind = "should"
expect = D()
wave = 2
every_connection = True


def misbehave(x):
    request = x.request
    while request is not None and x.age() < 5:
        if x.count("attempts") > 20:
            x.fail("exceeded", "the request came more than 20 times")
            return
        x.rst("REFUSED_STREAM", request.stream)
        request = x.follows(x.request.path, 2.0)
