# SPDX-License-Identifier: MIT
"""A redirection on a connection that ends

What the server sends
    GOAWAY with the request's stream as the last one, and 302 to another place
    on the same origin.

What a client must do
    "Receivers of a GOAWAY frame MUST NOT open additional streams on the
    connection, although a new connection can be established for new streams."
    (RFC 9113 §6.8) So the redirection is followed on a new connection, if at
    all.

Why it matters
    Servers that restart do this all the time. A client that has chosen its
    connection before it looks at GOAWAY gets no answer.
"""
from h2bad.case import OK, TARGET, unless_failed

section = "RFC 9113 §6.8"
kind = "must"
expect = OK()


def misbehave(x):
    with x.together():
        x.send_goaway()
        x.redirect(302)


def judge(o):
    for again in o.asked(TARGET):
        if again.same:
            return ("fail", "goaway-ignored", "the redirection was followed "
                    "on the connection that had got GOAWAY")
        return "pass", "", ""
    return unless_failed(o, "skip", "not-followed",
                         "the redirection was not followed")
