# SPDX-License-Identifier: MIT
"""The client's SETTINGS never acknowledged

What the server sends
    No acknowledgement of the client's SETTINGS; the response comes after 3
    seconds, and all else is as usual.

What a client must do
    "If the sender of a SETTINGS frame does not receive an acknowledgment
    within a reasonable amount of time, it MAY issue a connection error of type
    SETTINGS_TIMEOUT." (RFC 9113 §6.5.3) Patience is as good.

Why it matters
    Until the acknowledgement comes, the client has to live with what its old
    values allow the server.
"""
from h2bad.case import C, OK

section = "RFC 9113 §6.5.3"
kind = "check"
expect = OK() | C("SETTINGS_TIMEOUT")


def connect(x):
    x.automatic -= {"settings_ack"}


def misbehave(x):
    x.sleep(3)
