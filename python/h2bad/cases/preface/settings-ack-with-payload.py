# SPDX-License-Identifier: MIT
"""SETTINGS ACK with an entry

What the server sends
    A SETTINGS frame with the ACK flag and one entry.

What a client must do
    "Receipt of a SETTINGS frame with the ACK flag set and a length field value
    other than 0 MUST be treated as a connection error of type
    FRAME_SIZE_ERROR." (RFC 9113 §6.5)

Why it matters
    The two sides no longer agree on which settings hold: one may apply what
    the other takes for an acknowledgement.
"""
from h2bad.case import C

section = "RFC 9113 §6.5"
kind = "must"
expect = C("FRAME_SIZE_ERROR")
wave = 1


def misbehave(x):
    x.send_settings([("MAX_CONCURRENT_STREAMS", 100)], ack=True)
