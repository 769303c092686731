# SPDX-License-Identifier: MIT
"""421 for the other name

What the server sends
    A certificate for both names; a request for the other name on this
    connection is answered with 421.

What a client must do
    "A client that receives a 421 (Misdirected Request) response MAY retry the
    request, whether or not the request method is idempotent, over a different
    connection" (RFC 9110 §15.5.20); or the program gets the 421.

Why it matters
    A client that repeats it on the same connection goes in a circle.
"""
from h2bad.case import OK

section = "RFC 9113 §9.1.1"
kind = "must"
expect = OK()
needs = ("host2",)
wave = 2


def client_hello(x):
    x.tls.leaf([x.connection.sni or "localhost", "other.localhost"], 30)


def misbehave(x):
    x.respond()
    request = x.next_request(2.0)
    if request is None or "host2=1" not in request.query:
        x.skip("the request for the other name did not come on it")
    x.respond(request.stream, 421)
    again = x.next_request(1.0)
    if again is not None and again.query == request.query:
        x.fail("same-connection", "it came again on this connection")
