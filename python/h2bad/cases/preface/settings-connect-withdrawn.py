# SPDX-License-Identifier: MIT
"""ENABLE_CONNECT_PROTOCOL 1, then 0

What the server sends
    ENABLE_CONNECT_PROTOCOL 1 in its first SETTINGS, and 0 in a later one.

What a client must do
    "A sender MUST NOT send a SETTINGS_ENABLE_CONNECT_PROTOCOL parameter with
    the value of 0 after previously sending a value of 1." (RFC 8441 §3) What
    the receiver does is not said: it can end the connection with
    PROTOCOL_ERROR, or ignore it.

Why it matters
    A WebSocket of the client may be on the way just then.
"""
from h2bad.case import C, I

section = "RFC 8441 §3"
kind = "check"
expect = C("PROTOCOL_ERROR") | I()


def connect(x):
    x.settings = [("ENABLE_CONNECT_PROTOCOL", 1)]


def misbehave(x):
    x.send_settings([("ENABLE_CONNECT_PROTOCOL", 0)])
