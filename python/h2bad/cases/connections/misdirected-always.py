# SPDX-License-Identifier: MIT
"""421 for ever

What the server sends
    Each request is answered with 421, on each connection.

What a client must do
    "A client that receives a 421 (Misdirected Request) response MAY retry the
    request" (RFC 9110 §15.5.20). More than 20 times fails.

Why it matters
    A retry without a bound is an attack on the server.
"""
from h2bad.case import D

section = "RFC 9110 §15.5.20"
kind = "must"
expect = D()
wave = 2
every_connection = True


def misbehave(x):
    request = x.request
    while request is not None:
        if x.count("asked") > 20:
            x.fail("exceeded", "the request came more than 20 times")
            return
        x.respond(request.stream, 421)
        request = x.follows(x.request.path, 1.0)
