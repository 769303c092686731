# SPDX-License-Identifier: MIT
"""RST_STREAM is not answered by RST_STREAM

What the server sends
    RST_STREAM with CANCEL on the request's stream.

What a client must do
    "To avoid looping, an endpoint MUST NOT send a RST_STREAM in response to a
    RST_STREAM frame." (RFC 9113 §5.4.2)

Why it matters
    Two ends that both answer never stop.
"""
from h2bad.case import I

section = "RFC 9113 §5.4.2"
kind = "must"
expect = I(response=False)


def misbehave(x):
    x.rst()


def judge(o):
    if any(line["stream"] == o.stream
           for line in o.first.received("RST_STREAM")):
        return "fail", "answered", "RST_STREAM was answered by RST_STREAM"
    return expect.judge(o)
