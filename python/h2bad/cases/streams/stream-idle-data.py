# SPDX-License-Identifier: MIT
"""DATA on an idle stream

What the server sends
    DATA with 5 octets on a stream that the client has not opened yet.

What a client must do
    "Receiving any frame other than HEADERS or PRIORITY on a stream in this
    state MUST be treated as a connection error of type PROTOCOL_ERROR." (RFC
    9113 §5.1, idle)

Why it matters
    The octets belong to no request. A client that takes them counts them
    nowhere, or keeps them for a request that it has yet to make.
"""
from h2bad.case import C

section = "RFC 9113 §5.1"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    x.data("hello", x.s + 100)
