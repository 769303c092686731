# SPDX-License-Identifier: MIT
"""Status 417 to an expectation

What the server sends
    Status 417 with content, at once, to a request with `expect: 100-continue`.

What a client must do
    "A client that receives a 417 (Expectation Failed) status code in response
    to a request containing a 100-continue expectation SHOULD repeat that
    request without a 100-continue expectation" (RFC 9110 §10.1.1). To deliver
    417 is tolerated.

Why it matters
    Some old servers and proxies answer every expectation so.
"""
from h2bad.case import OK

section = "RFC 9110 §10.1.1"
kind = "should"
expect = OK()
needs = ("expect",)


def misbehave(x):
    x.respond(status=417)


def judge(o):
    if any("expect" in each.fields for each in o.repeated):
        return ("tolerated", "repeated-expectation", "the request was "
                "repeated with the expectation that was refused")
    made = expect.judge(o)
    if made.verdict == "pass" and not o.repeated:
        return ("tolerated", "not-repeated", "the request was not repeated")
    return made
