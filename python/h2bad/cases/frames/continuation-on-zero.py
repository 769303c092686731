# SPDX-License-Identifier: MIT
"""CONTINUATION on stream 0

What the server sends
    CONTINUATION with END_HEADERS on stream 0; no field block is open.

What a client must do
    "If a CONTINUATION frame is received with a Stream Identifier field of
    0x00, the recipient MUST respond with a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §6.10)

Why it matters
    A client that decodes the fragment changes its table, and one that drops it
    does not: the two sides' tables differ from then on.
"""
from h2bad.case import block, C

section = "RFC 9113 §6.10"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.frame("CONTINUATION", "END_HEADERS", 0, block([(":status", "200")]))
