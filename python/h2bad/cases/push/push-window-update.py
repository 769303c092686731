# SPDX-License-Identifier: MIT
"""WINDOW_UPDATE on a promised stream

What the server sends
    PUSH_PROMISE for stream 2; unless the client refuses it, WINDOW_UPDATE on
    that stream.

What a client must do
    "Receiving any type of frame other than HEADERS, RST_STREAM, or PRIORITY on
    a stream in this state MUST be treated as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §5.1, reserved (remote))

Why it matters
    The client never sends on such a stream: there is no window that could
    grow.
"""
from h2bad.case import C

section = "RFC 9113 §5.1"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.push_kept()
    x.window_update(10, 2)
