# SPDX-License-Identifier: MIT
"""A stream's window beyond 2^31-1

What the server sends
    Two WINDOW_UPDATE frames on the request's stream, each by 2^31-1, while
    its content waits for credit of the connection.

What a client must do
    "If a sender receives a WINDOW_UPDATE that causes a flow-control window
    to exceed this maximum, it MUST terminate either the stream or the
    connection, as appropriate. For streams, the sender sends a RST_STREAM
    with an error code of FLOW_CONTROL_ERROR" (RFC 9113 §6.9.1)

Why it matters
    A window of 32 bits wraps around: the request then waits forever, or is
    sent without a limit.
"""
from h2bad.case import S

section = "RFC 9113 §6.9.1"
kind = "must"
expect = S("FLOW_CONTROL_ERROR")
needs = ("post:1M",)
withholds = True


def misbehave(x):
    x.body(n=65535, timeout=1.0)
    x.here()
    x.window_update(2**31 - 1, x.s)
    x.window_update(2**31 - 1, x.s)
