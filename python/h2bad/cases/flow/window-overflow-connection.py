# SPDX-License-Identifier: MIT
"""The connection's window beyond 2^31-1

What the server sends
    Two WINDOW_UPDATE frames for the connection, each by 2^31-1.

What a client must do
    "If a sender receives a WINDOW_UPDATE that causes a flow-control window
    to exceed this maximum, it MUST terminate either the stream or the
    connection, as appropriate. For streams, the sender sends a RST_STREAM
    with an error code of FLOW_CONTROL_ERROR; for the connection, a GOAWAY
    frame with an error code of FLOW_CONTROL_ERROR is sent." (RFC 9113
    §6.9.1)

Why it matters
    A window of 32 bits wraps around: the client then waits forever, or
    sends without a limit.
"""
from h2bad.case import C

section = "RFC 9113 §6.9.1"
kind = "must"
expect = C("FLOW_CONTROL_ERROR")
wave = 1


def misbehave(x):
    x.window_update(2**31 - 1)
    x.window_update(2**31 - 1)
