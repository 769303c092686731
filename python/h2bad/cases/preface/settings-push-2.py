# SPDX-License-Identifier: MIT
"""SETTINGS with ENABLE_PUSH 2

What the server sends
    A SETTINGS frame with ENABLE_PUSH 2.

What a client must do
    "Any value other than 0 or 1 MUST be treated as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §6.5.2)

Why it matters
    A client that takes it for true or false without looking at it knows
    nothing about what the server means.
"""
from h2bad.case import C

section = "RFC 9113 §6.5.2"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.send_settings([("ENABLE_PUSH", 2)])
