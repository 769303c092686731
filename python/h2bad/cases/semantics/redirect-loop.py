# SPDX-License-Identifier: MIT
"""A redirection to itself

What the server sends
    302 with the request's own URL as `location`, again and again, at most a
    hundred times.

What a client must do
    "A client SHOULD detect and intervene in cyclical redirections (i.e.,
    "infinite" redirection loops)." (RFC 9110 §15.4) To follow more than fifty
    is a failure: browsers stop at twenty, curl at fifty.

Why it matters
    In HTTP/2 a redirection costs a round trip and no connection: a loop
    without end keeps a client and its server busy for ever.
"""
from h2bad.case import D

section = "RFC 9110 §15.4"
kind = "should"
expect = D()
every_connection = True
wait = 0.5


def misbehave(x):
    n, request = x.number, x.request
    while request is not None and n <= 100:
        x.redirect(302, x.request.get(":path"), request.stream)
        request = x.follows(x.request.path)
        n += 1


def judge(o):
    if not o.repeated:
        return "skip", "not-followed", "the redirection was not followed"
    if len(o.repeated) > 50:
        return ("fail", "loop", "%d redirections to the same place were "
                "followed" % len(o.repeated))
    return expect.judge(o)
