# SPDX-License-Identifier: MIT
"""A frame of unknown type on an idle stream

What the server sends
    A frame of type 0x42 with 8 octets on a stream that nobody has opened;
    then the response.

What a client must do
    Two rules meet: "Implementations MUST ignore and discard frames of unknown
    types." (RFC 9113 §4.1) But "Receiving any frame other than HEADERS or
    PRIORITY on a stream in this state MUST be treated as a connection error of
    type PROTOCOL_ERROR." (RFC 9113 §5.1)

Why it matters
    The result says whether the client looks at the stream or at the type
    first. An extension that uses a stream before HEADERS works only with
    clients that look at the type.
"""
from h2bad.case import C, I

section = "RFC 9113 §4.1"
kind = "check"
expect = C("PROTOCOL_ERROR") | I()
wave = 1


def misbehave(x):
    x.frame(0x42, 0, x.s + 100, b"unknown!")
