# SPDX-License-Identifier: MIT
"""303 to a POST

What the server sends
    Once the request's content has come, 303 with another `location`.

What a client must do
    "A user agent can perform a retrieval request targeting that URI (a GET or
    HEAD request if using HTTP)" (RFC 9110 §15.4.4). Nothing but that, and
    without content.

Why it matters
    A form that is sent a second time, to a place that was to show the result
    of the first, orders twice.
"""
from h2bad.case import OK, TARGET

section = "RFC 9110 §15.4.4"
kind = "must"
expect = OK()
needs = ("post:10",)


def misbehave(x):
    x.body()
    x.redirect(303)


def judge(o):
    for again in o.asked(TARGET):
        if again.method not in ("GET", "HEAD"):
            return ("fail", "method-kept", "the new place was asked with "
                    + again.method)
        if again.content:
            return ("fail", "content-kept", "%d octets of content were sent "
                    "to the new place" % again.content)
    return expect.judge(o)
