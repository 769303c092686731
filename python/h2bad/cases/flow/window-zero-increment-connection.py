# SPDX-License-Identifier: MIT
"""WINDOW_UPDATE by 0 for the connection

What the server sends
    A WINDOW_UPDATE frame with the increment 0 on stream 0.

What a client must do
    "A receiver MUST treat the receipt of a WINDOW_UPDATE frame with a
    flow-control window increment of 0 as a stream error of type
    PROTOCOL_ERROR; errors on the connection flow-control window MUST be
    treated as a connection error." (RFC 9113 §6.9)

Why it matters
    It costs the server nothing and wakes all senders for nothing: the same
    frame again and again keeps the client busy.
"""
from h2bad.case import C

section = "RFC 9113 §6.9"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    x.window_update(0)
