# SPDX-License-Identifier: MIT
"""WINDOW_UPDATE on an idle stream

What the server sends
    WINDOW_UPDATE with 100 octets on a stream that the client has not opened
    yet.

What a client must do
    "Receiving any frame other than HEADERS or PRIORITY on a stream in this
    state MUST be treated as a connection error of type PROTOCOL_ERROR." (RFC
    9113 §5.1, idle)

Why it matters
    A client that makes an entry for the stream can be made to keep as many as
    the server likes.
"""
from h2bad.case import C

section = "RFC 9113 §5.1"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.window_update(100, x.s + 100)
