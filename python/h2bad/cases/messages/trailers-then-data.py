# SPDX-License-Identifier: MIT
"""Content after the trailers

What the server sends
    HEADERS with status 200, five octets of DATA, HEADERS with `x-sum: 1` and
    END_STREAM, and five more octets of DATA.

What a client must do
    "If a DATA frame is received whose stream is not in the "open" or
    "half-closed (local)" state, the recipient MUST respond with a stream error
    of type STREAM_CLOSED." (RFC 9113 §6.1) It may also be "a connection error
    of type STREAM_CLOSED" (RFC 9113 §5.1). To ignore it is tolerated, since
    the client may have forgotten the stream.

Why it matters
    A client that adds the octets to the content delivers what no one has sent
    as such; one that forgets to count them loses window.
"""
from h2bad.case import S

section = "RFC 9113 §6.1"
kind = "should"
expect = S("STREAM_CLOSED")


def misbehave(x):
    x.held([(":status", "200")])
    x.headers([("x-sum", "1")], end=True)
    x.data("extra")


def judge(o):
    made = expect.judge(o)
    if made.reason == "ignored":
        return "tolerated", "ignored", "the client has forgotten the stream"
    return made
