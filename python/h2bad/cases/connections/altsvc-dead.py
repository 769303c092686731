# SPDX-License-Identifier: MIT
"""An alternative that is not there

What the server sends
    A response with `alt-svc: h2=":1"`: nobody listens there.

What a client must do
    "If the connection to the alternative service fails or is unresponsive,
    the client MAY fall back to using the origin or another alternative
    service." (RFC 7838 §2.4) The next request is answered.

Why it matters
    An alternative that is gone must not take the origin along.
"""
from h2bad.case import R

section = "RFC 7838 §2.4"
kind = "should"
expect = R()
wave = 2


def misbehave(x):
    x.respond(fields=[("alt-svc", 'h2=":1"; ma=60')])


def judge(o):
    if o.follow_up is None:
        return "tolerated", "no-follow-up", "no further request came"
    return "pass", "", ""
