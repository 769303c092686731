# SPDX-License-Identifier: MIT
"""The request after a connection error

What the server sends
    PING of 7 octets, which is a connection error; the next request is
    answered well.

What a client must do
    "After sending the GOAWAY frame for an error condition, the endpoint MUST
    close the TCP connection." (RFC 9113 §5.4.1) The next request comes on
    another connection.

Why it matters
    A pool that keeps a broken connection fails all that comes after.
"""
from h2bad.case import C

section = "RFC 9113 §5.4.1"
kind = "must"
expect = C("FRAME_SIZE_ERROR")
wave = 2


def misbehave(x):
    x.ping(bytes(7))


def judge(o):
    if o.reused or o.resumed:
        return "fail", "ignored", "the next request came on this connection"
    if o.follow_up != "new-connection":
        return "tolerated", "no-follow-up", "no further request was seen"
    return "pass", "", ""
