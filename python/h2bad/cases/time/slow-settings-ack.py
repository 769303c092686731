# SPDX-License-Identifier: MIT
"""SETTINGS that are acknowledged late

What the server sends
    The acknowledgement of the client's SETTINGS three seconds late; then
    the response.

What a client must do
    "If the sender of a SETTINGS frame does not receive an acknowledgment
    within a reasonable amount of time, it MAY issue a connection error of
    type SETTINGS_TIMEOUT." (RFC 9113 §6.5.3)

Why it matters
    Until then the client does not know whether its limits hold. Few clients
    look at all.
"""
from h2bad.case import C, OK

section = "RFC 9113 §6.5.3"
kind = "check"
expect = OK() | C("SETTINGS_TIMEOUT")


def connect(x):
    x.automatic -= {"settings_ack"}


def misbehave(x):
    x.sleep(3.0)
    x.send_settings(ack=True)
