# SPDX-License-Identifier: MIT
"""Windows of 2^31-1 octets

What the server sends
    WINDOW_UPDATE frames that bring the windows of the connection and of the
    stream to 2^31-1 octets, and not beyond.

What a client must do
    "Deployments that do not require this capability can advertise a
    flow-control window of the maximum size" (RFC 9113 §5.2.2), which is
    2^31-1 octets.

Why it matters
    Servers that do not want flow control do this. A client that compares
    with "not below" ends the connection.
"""
from h2bad.case import OK

section = "RFC 9113 §6.9.1"
kind = "must"
expect = OK()


def misbehave(x):
    x.window_update(2**31 - 1 - 65535)
    x.window_update(2**31 - 1 - 65535, x.s)
