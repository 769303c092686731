# SPDX-License-Identifier: MIT
"""Acknowledgements of nothing

What the server sends
    Three SETTINGS frames with the ACK flag more than the client has sent
    SETTINGS.

What a client must do
    RFC 9113 has no sentence about it: a client can ignore them, or end the
    connection with PROTOCOL_ERROR.

Why it matters
    A client that counts acknowledgements only may apply limits that the server
    has not seen yet.
"""
from h2bad.case import C, I

section = "RFC 9113 §6.5.3"
kind = "check"
expect = C("PROTOCOL_ERROR") | I()


def misbehave(x):
    for _ in range(3):
        x.send_settings(ack=True)
