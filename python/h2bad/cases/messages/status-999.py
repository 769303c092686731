# SPDX-License-Identifier: MIT
"""Status 999

What the server sends
    HEADERS with `:status: 999`, and the usual content.

What a client must do
    "A client that receives a response with an invalid status code SHOULD
    process the response as if it had a 5xx (Server Error) status code." (RFC
    9110 §15) Whether it is delivered as 999 or 5xx, or rejected, is reported.

Why it matters
    Real servers answer robots so. A client that has an enumeration of codes,
    or an array of classes, has no place for it.
"""
from h2bad.case import M, OK

section = "RFC 9110 §15"
kind = "check"
expect = OK() | M()


def misbehave(x):
    x.respond(status=999)
