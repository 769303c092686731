# SPDX-License-Identifier: MIT
"""HEADERS with padding and a priority

What the server sends
    HEADERS with status 200, 100 octets of padding and the octets of a priority
    (no dependency, weight 16); then DATA.

What a client must do
    "HEADERS frames can be sent on a stream in the "idle", "reserved (local)",
    "open", or "half-closed (remote)" state." (RFC 9113 §6.2) The flags PADDED
    and PRIORITY are defined for them; the field block is between the two.

Why it matters
    No server does both, so few clients have met it; where the field block
    begins and ends then is where parsers go wrong.
"""
from h2bad.case import OK, struct

section = "RFC 9113 §6.2"
kind = "must"
expect = OK()
content = b"hello"


def misbehave(x):
    x.headers(padding=100, priority=struct.pack(">IB", 0, 15))
    x.data("hello")
