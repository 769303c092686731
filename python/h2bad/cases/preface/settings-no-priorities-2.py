# SPDX-License-Identifier: MIT
"""NO_RFC7540_PRIORITIES of 2

What the server sends
    NO_RFC7540_PRIORITIES (0x9) with the value 2 in its first SETTINGS.

What a client must do
    "Any value other than 0 or 1 MUST be treated as a connection error (see
    Section 5.4.1 of RFC9113) of type PROTOCOL_ERROR." (RFC 9218 §2.1) That is
    for clients that know the setting: those that send it, PRIORITY_UPDATE
    frames or a priority field. All others ignore it (RFC 9113 §6.5.2).

Why it matters
    Whether the client's priorities are used depends on the value; one that
    means nothing is a fault that should be seen.
"""
from h2bad.case import C, I

section = "RFC 9218 §2.1"
kind = "must"
expect = C("PROTOCOL_ERROR") | I()


def connect(x):
    x.settings = [("NO_RFC7540_PRIORITIES", 2)]


def judge(o):
    return (C("PROTOCOL_ERROR") if o.has_priorities else expect).judge(o)
