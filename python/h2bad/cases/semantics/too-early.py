# SPDX-License-Identifier: MIT
"""425 to a request that was not early

What the server sends
    425 to the first request; a good response if it is repeated.

What a client must do
    "User agents that send a request in early data are expected to retry the
    request when receiving a 425 (Too Early) response status code." (RFC 8470
    §5.2) The request was not in early data, so nothing is expected; whether it
    is repeated is reported.

Why it matters
    A client that repeats it without end loops with a server that is wrong
    about what is early.
"""
from h2bad.case import OK, unless_failed

section = "RFC 8470 §5.2"
kind = "check"
expect = OK()


def misbehave(x):
    x.respond(status=425)


def judge(o):
    if o.repeated:
        return "info", "repeated", "the request was repeated"
    return unless_failed(o, "info", "delivered",
                         "the request was not repeated")
