# SPDX-License-Identifier: MIT
"""503 with retry-after

What the server sends
    503 with `retry-after: 1`; a good response if the request is repeated.

What a client must do
    "When sent with a 503 (Service Unavailable) response, Retry-After indicates
    how long the service is expected to be unavailable to the client." (RFC
    9110 §10.2.3) Whether the request is repeated is reported.

Why it matters
    Libraries for services repeat such requests, HTTP clients seldom do. Where
    both do, the attempts multiply.
"""
from h2bad.case import OK, unless_failed

section = "RFC 9110 §10.2.3"
kind = "check"
expect = OK()


def misbehave(x):
    x.respond(status=503, fields=[("retry-after", "1")])


def judge(o):
    if o.repeated:
        return "info", "repeated", "the request was repeated"
    return unless_failed(o, "info", "delivered",
                         "the request was not repeated")
