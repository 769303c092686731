# SPDX-License-Identifier: MIT
"""A POST that is refused twice

What the server sends
    RST_STREAM with REFUSED_STREAM for a POST; when it comes again GOAWAY with
    last stream 0; the third one is answered.

What a client must do
    "Requests that have not been processed have not failed; clients MAY
    automatically retry them, even those with non-idempotent methods." (RFC
    9113 §8.7)

Why it matters
    A POST that is processed twice is paid twice. Here only the third one is
    processed.
"""
from h2bad.case import R

section = "RFC 9113 §8.7"
kind = "must"
expect = R()
needs = ("post:100",)
wave = 2
every_connection = True


def misbehave(x):
    request = x.request
    while request is not None:
        attempt = x.count("attempts")
        if attempt == 1:
            x.rst("REFUSED_STREAM", request.stream)
        elif attempt == 2:
            x.goaway_close(last=0)
            return
        elif attempt == 3:
            x.body(request.stream)
            x.respond(request.stream)
        else:
            x.fail("duplicated", "the request came again after its response")
            return
        request = x.follows(x.request.path, 1.0)


def judge(o):
    return "info", "attempts-%d" % len(o.asked("/bad/" + o.case.name)), ""
