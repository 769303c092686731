# SPDX-License-Identifier: MIT
"""HEADERS on a stream of the client's, not opened

What the server sends
    HEADERS with status 200 on a stream with an odd number that the client has
    not opened yet.

What a client must do
    "An endpoint that receives an unexpected stream identifier MUST respond
    with a connection error of type PROTOCOL_ERROR." (RFC 9113 §5.1.1) Only the
    client opens streams with odd numbers.

Why it matters
    It is a response to a request that was not made yet. The client that keeps
    it lets a server answer what it has not seen.
"""
from h2bad.case import C

section = "RFC 9113 §5.1.1"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.headers(stream=x.s + 100)
