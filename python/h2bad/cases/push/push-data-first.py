# SPDX-License-Identifier: MIT
"""DATA on a promised stream before HEADERS

What the server sends
    PUSH_PROMISE for stream 2; unless the client refuses it, DATA on that
    stream.

What a client must do
    "Receiving any type of frame other than HEADERS, RST_STREAM, or PRIORITY on
    a stream in this state MUST be treated as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §5.1, reserved (remote))

Why it matters
    It is content without a response: a client that has no place for it yet
    makes one up, or fails.
"""
from h2bad.case import C

section = "RFC 9113 §5.1"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.push_kept()
    x.data("hello", 2)
