# SPDX-License-Identifier: MIT
"""Five interim responses

What the server sends
    Five HEADERS frames with `:status: 103` and different fields, and then a
    good response with status 200.

What a client must do
    "A client MUST be able to parse one or more 1xx responses received prior to
    a final response, even if the client does not expect one." (RFC 9110 §15.2)

Why it matters
    Clients have taken the second one for trailers, or the first one for the
    final response.
"""
from h2bad.case import BODY, OK

section = "RFC 9110 §15.2"
kind = "must"
expect = OK()
wave = 1
content = BODY


def misbehave(x):
    for i in range(5):
        x.headers([(":status", "103"), ("x-hint-%d" % i, "early")])
    x.respond()
