# SPDX-License-Identifier: MIT
"""PINGs that are not acknowledged

What the server sends
    No acknowledgement of the client's PING frames, and nothing else for
    three seconds; then the response.

What a client must do
    No rule: the client's patience is the result. "Receivers of a PING frame
    that does not include an ACK flag MUST send a PING frame with the ACK
    flag set in response, with an identical frame payload." (RFC 9113 §6.7)
    A client that sends PINGs to see whether a connection lives ends it
    after a while.

Why it matters
    Connections die without a sign behind NAT and firewalls. A client that
    does not notice sends its next requests into nothing.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R(gives_up=True)
fence = None
wait = 3.0


def connect(x):
    x.automatic -= {"ping_ack"}


def misbehave(x):
    x.patience()
