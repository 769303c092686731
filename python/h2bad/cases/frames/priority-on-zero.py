# SPDX-License-Identifier: MIT
"""PRIORITY on stream 0

What the server sends
    PRIORITY with 5 octets on stream 0.

What a client must do
    "If a PRIORITY frame is received with a stream identifier of 0x00, the
    recipient MUST respond with a connection error of type PROTOCOL_ERROR."
    (RFC 9113 §6.3)

Why it matters
    Priorities are deprecated, and their handling is often code that nobody
    looks at any more.
"""
from h2bad.case import C, struct

section = "RFC 9113 §6.3"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.frame("PRIORITY", 0, 0, struct.pack(">IB", 0, 15))
