# SPDX-License-Identifier: MIT
"""Status 100 that nobody asked for

What the server sends
    HEADERS with `:status: 100`, and then a good response with status 200.

What a client must do
    "If the request did not contain an Expect header field containing the
    100-continue expectation, the client can simply discard this interim
    response." (RFC 9110 §15.2.1)

Why it matters
    A client without content to send may have no state in which 100 can come.
"""
from h2bad.case import BODY, OK

section = "RFC 9110 §15.2.1"
kind = "must"
expect = OK()
content = BODY


def misbehave(x):
    x.headers([(":status", "100")])
    x.respond()
