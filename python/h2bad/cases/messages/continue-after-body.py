# SPDX-License-Identifier: MIT
"""Status 100 after the whole upload

What the server sends
    Once the request's content has come, HEADERS with `:status: 100`, and then
    a good response.

What a client must do
    "A client MUST be able to parse one or more 1xx responses received prior to
    a final response, even if the client does not expect one." (RFC 9110 §15.2)

Why it matters
    A proxy in front of a slow server sends 100 that late. A client that then
    sends its content again breaks the stream.
"""
from h2bad.case import BODY, OK

section = "RFC 9110 §15.2"
kind = "must"
expect = OK()
needs = ("post:10",)
content = BODY


def misbehave(x):
    x.body()
    x.headers([(":status", "100")])
    x.respond()
