# SPDX-License-Identifier: MIT
"""GOAWAY and the end, the POST perhaps processed

What the server sends
    Once a POST has come as a whole: GOAWAY with its stream and NO_ERROR, and
    the end of the connection without a response.

What a client must do
    "A client SHOULD NOT automatically retry a request with a non-idempotent
    method unless it has some means to know that the request semantics are
    actually idempotent, regardless of the method, or some means to detect that
    the original request was never applied." (RFC 9110 §9.2.2)

Why it matters
    The request may have been carried out already: who sends it again pays
    twice.
"""
from h2bad.case import Once

section = "RFC 9110 §9.2.2"
kind = "should"
expect = Once(hang=True)
wave = 2
needs = ("post:100",)


def misbehave(x):
    x.body()
    x.goaway_close()
