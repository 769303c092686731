# SPDX-License-Identifier: MIT
"""307 to a POST

What the server sends
    Once the request's content has come, 307 with another `location`.

What a client must do
    "the user agent MUST NOT change the request method if it performs an
    automatic redirection to that URI" (RFC 9110 §15.4.8). The content goes
    with it, or the client does not follow.

Why it matters
    A client that has given its content away, or changes POST to GET as for
    302, loses an order without any error.
"""
from h2bad.case import OK, post_followed

section = "RFC 9110 §15.4.8"
kind = "must"
expect = OK()
needs = ("post:10",)


def misbehave(x):
    x.body()
    x.redirect(307)


def judge(o):
    return post_followed(o, 10)
