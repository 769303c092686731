# SPDX-License-Identifier: MIT
"""A PING acknowledged with other data

What the server sends
    The acknowledgement of the client's first PING frame with other data.

What a client must do
    "Receivers of a PING frame that does not include an ACK flag MUST send a
    PING frame with the ACK flag set in response, with an identical frame
    payload." (RFC 9113 §6.7) What a client does with another payload has no
    rule: it ignores it, ends the connection, or waits for the right one.

Why it matters
    A client that counts any acknowledgement measures the wrong time, and
    takes a server for alive that answers something else.
"""
from h2bad.case import R

section = "RFC 9113 §6.7"
kind = "check"
expect = R(gives_up=True)
fence = None
wait = 3.0


def connect(x):
    x.automatic -= {"ping_ack"}


def misbehave(x):
    ping = x.wait("PING", timeout=3.0)
    if ping is None:
        x.skip("the client sent no PING")
    x.here()
    x.ping(bytes(octet ^ 255 for octet in ping.data), ack=True)
