# SPDX-License-Identifier: MIT
"""The end of the connection after a POST

What the server sends
    Once a POST has come as a whole: close_notify and FIN in the place of the
    response.

What a client must do
    "If the TCP connection is closed or reset while streams remain in the
    "open" or "half-closed" states, then the affected streams cannot be
    automatically retried (see Section 8.7 for details)." (RFC 9113 §5.4.3) "A
    client SHOULD NOT automatically retry a request with a non-idempotent
    method unless it has some means to know that the request semantics are
    actually idempotent, regardless of the method, or some means to detect that
    the original request was never applied." (RFC 9110 §9.2.2)

Why it matters
    The request may have been carried out already: who sends it again pays
    twice.
"""
from h2bad.case import Once

section = "RFC 9113 §5.4.3"
kind = "should"
expect = Once(hang=True)
wave = 2
needs = ("post:100",)


def misbehave(x):
    x.body()
    x.close("tls")
