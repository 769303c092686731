# SPDX-License-Identifier: MIT
"""SETTINGS with ENABLE_PUSH 1

What the server sends
    ENABLE_PUSH with the value 1 in its first SETTINGS frame.

What a client must do
    "A client MUST treat receipt of a SETTINGS frame with SETTINGS_ENABLE_PUSH
    set to 1 as a connection error (Section 5.4.1) of type PROTOCOL_ERROR."
    (RFC 9113 §6.5.2)

Why it matters
    RFC 7540 said less clearly that only a server's 0 is legal; clients that
    look at the value's range alone accept it.
"""
from h2bad.case import C

section = "RFC 9113 §6.5.2"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def connect(x):
    x.settings = [("ENABLE_PUSH", 1)]
