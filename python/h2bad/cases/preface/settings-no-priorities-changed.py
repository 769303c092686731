# SPDX-License-Identifier: MIT
"""NO_RFC7540_PRIORITIES 1, then 0

What the server sends
    NO_RFC7540_PRIORITIES (0x9) with the value 1 in its first SETTINGS, and 0
    in a later one.

What a client must do
    "Senders MUST NOT change the SETTINGS_NO_RFC7540_PRIORITIES value after the
    first SETTINGS frame. Receivers that detect a change MAY treat it as a
    connection error of type PROTOCOL_ERROR." (RFC 9218 §2.1)

Why it matters
    The client has built, or given up, its tree of dependencies by the first
    value.
"""
from h2bad.case import C, I

section = "RFC 9218 §2.1"
kind = "check"
expect = C("PROTOCOL_ERROR") | I()


def connect(x):
    x.settings = [("NO_RFC7540_PRIORITIES", 1)]


def misbehave(x):
    x.send_settings([("NO_RFC7540_PRIORITIES", 0)])
