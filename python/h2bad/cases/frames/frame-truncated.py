# SPDX-License-Identifier: MIT
"""The end within a frame header

What the server sends
    The whole response, 5 octets of another frame's header, and the end of TLS
    and TCP.

What a client must do
    No rule is about the piece: the connection is over. The response was whole,
    and is the program's.

Why it matters
    A client that waits for the rest hangs; one that makes an error of it fails
    a request that had succeeded.
"""
from h2bad.case import R

section = "RFC 9113 §4.1"
kind = "should"
expect = R()
fence = None
content = b"hello"


def misbehave(x):
    with x.together():
        x.headers()
        x.data("hello", end=True)
        x.octets(bytes(5))
    x.close("tls")


def judge(o):
    # A follow-up that came into the end of the connection gets an error too.
    error = (o.got or {}).get("result") == "error"
    if error and o.follow_up == "new-connection":
        return "fail", "refused", "the program did not get the response"
    return expect.judge(o)
