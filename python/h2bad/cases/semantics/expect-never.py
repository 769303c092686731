# SPDX-License-Identifier: MIT
"""An expectation without any answer

What the server sends
    Neither 100 nor a final status to a request with `expect: 100-continue`,
    for three seconds or until its content has come; then a good response.

What a client must do
    "such a client SHOULD NOT wait for an indefinite period before sending the
    content" (RFC 9110 §10.1.1). One that still waits after three seconds is
    tolerated.

Why it matters
    Servers that do not know the field wait for the content, and the client
    waits for them.
"""
from h2bad.case import BODY, OK

section = "RFC 9110 §10.1.1"
kind = "should"
expect = OK()
needs = ("expect",)
content = BODY


def misbehave(x):
    if not x.body(timeout=3.0):
        if x.abandoned():
            x.found("tolerated", "gave-up", "the request was given up")
        else:
            x.found("tolerated", "waits", "no content was sent for 3 seconds")
    x.respond()
