# SPDX-License-Identifier: MIT
"""Credit for a response that was given up

What the server sends
    Up to 1,000,000 octets of a response, as far as the windows allow, which
    the client gives up; then a response of the same size to its next
    request, by what credit there is.

What a client must do
    "A receiver that receives a flow-controlled frame MUST always account
    for its contribution against the connection flow-control window, unless
    the receiver treats this as a connection error." (RFC 9113 §6.9)

Why it matters
    If the octets of streams that have gone are not given back, the
    connection's window shrinks with each request that is given up, until
    all hang.
"""
from h2bad.case import OK

section = "RFC 9113 §6.9"
kind = "must"
expect = OK()
needs = ("cancel",)


def misbehave(x):
    x.headers()
    with x.stays():
        x.bulk(min(x.window(), 1000000))
        if x.wait("RST_STREAM", x.s) is None:
            x.skip("the client did not reset its stream")
        x.here()
    second = x.need_next().stream
    x.headers(stream=second)
    x.fill(1000000, second)
