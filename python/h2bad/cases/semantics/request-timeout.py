# SPDX-License-Identifier: MIT
"""408 on a connection that ends

What the server sends
    GOAWAY with the request's stream as the last one, and 408, to a POST whose
    content has come; a good response if it is repeated.

What a client must do
    "If the client has an outstanding request in transit, it MAY repeat that
    request." (RFC 9110 §15.5.9) "Receivers of a GOAWAY frame MUST NOT open
    additional streams on the connection" (RFC 9113 §6.8). Whether it is
    repeated is reported.

Why it matters
    HTTP/1.1 servers send 408 on idle connections, and browsers repeat the
    request. In HTTP/2 the server says that it has seen this one: to repeat a
    POST may order twice.
"""
from h2bad.case import OK, unless_failed

section = "RFC 9110 §15.5.9"
kind = "check"
expect = OK()
needs = ("post:10",)


def misbehave(x):
    x.body()
    x.send_goaway()
    x.respond(status=408)


def judge(o):
    for again in o.repeated:
        return ("info", "repeated", "the POST was repeated on the connection "
                "that had got GOAWAY" if again.same
                else "the POST was repeated on a new connection")
    return unless_failed(o, "info", "delivered", "the POST was not repeated")
