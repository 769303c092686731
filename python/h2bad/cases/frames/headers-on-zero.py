# SPDX-License-Identifier: MIT
"""HEADERS on stream 0

What the server sends
    HEADERS with status 200 on stream 0.

What a client must do
    "If a HEADERS frame is received whose Stream Identifier field is 0x00, the
    recipient MUST respond with a connection error of type PROTOCOL_ERROR."
    (RFC 9113 §6.2)

Why it matters
    A response without a request: a client that looks up the stream by its
    number finds none, or its own record of the connection.
"""
from h2bad.case import block, C

section = "RFC 9113 §6.2"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    x.frame("HEADERS", "END_HEADERS", 0, block([(":status", "200")]))
