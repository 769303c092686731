# SPDX-License-Identifier: MIT
"""ENABLE_CONNECT_PROTOCOL of 2

What the server sends
    ENABLE_CONNECT_PROTOCOL with the value 2 in its first SETTINGS.

What a client must do
    "The value of the parameter MUST be 0 or 1." (RFC 8441 §3) What the
    receiver of another one does is not said: it can end the connection with
    PROTOCOL_ERROR, or ignore it.

Why it matters
    A client that takes every value but 0 for a yes sends an extended CONNECT
    to a server that may not know it.
"""
from h2bad.case import C, I

section = "RFC 8441 §3"
kind = "check"
expect = C("PROTOCOL_ERROR") | I()


def connect(x):
    x.settings = [("ENABLE_CONNECT_PROTOCOL", 2)]
