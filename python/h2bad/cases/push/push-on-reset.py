# SPDX-License-Identifier: MIT
"""PUSH_PROMISE behind the client's RST_STREAM

What the server sends
    HEADERS and DATA; once the client has reset the stream, PUSH_PROMISE on it,
    as if both had been on their way at the same time.

What a client must do
    "However, an endpoint that has sent RST_STREAM on the associated stream
    MUST handle PUSH_PROMISE frames that might have been created before the
    RST_STREAM frame is received and processed." (RFC 9113 §6.6) So it resets
    the promised stream, or does nothing.

Why it matters
    A client that takes it for an error loses the connection by chance,
    whenever it cancels a request.
"""
from h2bad.case import I

section = "RFC 9113 §6.6"
kind = "must"
expect = I(response=False)
needs = ("cancel",)


def misbehave(x):
    x.need_push()
    x.headers()
    x.data("hello")
    if x.wait("RST_STREAM", x.s) is None:
        x.skip("the client did not reset its stream")
    x.here("the stream was reset")
    x.push()
    x.passed()
    x.passed()
