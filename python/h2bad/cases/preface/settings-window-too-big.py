# SPDX-License-Identifier: MIT
"""INITIAL_WINDOW_SIZE of 2^31

What the server sends
    A SETTINGS frame with INITIAL_WINDOW_SIZE 2^31.

What a client must do
    "Values above the maximum flow-control window size of 2^31-1 MUST be
    treated as a connection error of type FLOW_CONTROL_ERROR." (RFC 9113
    §6.5.2)

Why it matters
    In a signed number of 32 bits the window becomes negative, and the client
    never sends its content.
"""
from h2bad.case import C

section = "RFC 9113 §6.5.2"
kind = "must"
expect = C("FLOW_CONTROL_ERROR")
wave = 1


def misbehave(x):
    x.send_settings([("INITIAL_WINDOW_SIZE", 1 << 31)])
