# SPDX-License-Identifier: MIT
"""An interim response of an unknown status

What the server sends
    HEADERS with `:status: 199`, and then a good response with status 200.

What a client must do
    "A client MUST be able to parse one or more 1xx responses received prior to
    a final response, even if the client does not expect one." (RFC 9110 §15.2)
    "A user agent MAY ignore unexpected 1xx responses." (RFC 9110 §15.2)

Why it matters
    A client that knows 100 and 103 by their numbers takes this one for the
    final response.
"""
from h2bad.case import BODY, OK

section = "RFC 9110 §15.2"
kind = "must"
expect = OK()
content = BODY


def misbehave(x):
    x.headers([(":status", "199"), ("x-hint", "early")])
    x.respond()
