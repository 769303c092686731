# SPDX-License-Identifier: MIT
"""421 once

What the server sends
    421 to the first request; a good response if it is repeated.

What a client must do
    "A client that receives a 421 (Misdirected Request) response MAY retry the
    request, whether or not the request method is idempotent, over a different
    connection" (RFC 9110 §15.5.20). To deliver 421 conforms too; to repeat it
    on the same connection is tolerated.

Why it matters
    Servers answer so where a client uses one connection for several names. On
    the same connection the answer will be the same.
"""
from h2bad.case import OK, unless_failed

section = "RFC 9110 §15.5.20"
kind = "should"
expect = OK()


def misbehave(x):
    x.respond(status=421)


def judge(o):
    for again in o.repeated:
        if again.same:
            return ("tolerated", "same-connection", "the request was repeated "
                    "on the same connection")
        return "pass", "", "the request was repeated on a new connection"
    return unless_failed(o, "info", "delivered",
                         "the request was not repeated")
