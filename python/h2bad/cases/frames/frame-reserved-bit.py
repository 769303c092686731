# SPDX-License-Identifier: MIT
"""The reserved bit of frame headers

What the server sends
    SETTINGS, PING, WINDOW_UPDATE, HEADERS and DATA, all with the reserved bit
    before their stream identifier set.

What a client must do
    "The semantics of this bit are undefined, and the bit MUST remain unset
    (0x00) when sending and MUST be ignored when receiving." (RFC 9113 §4.1)

Why it matters
    A client that reads 32 bits looks for a stream beyond 2^31, and does not
    find it.
"""
from h2bad.case import I

section = "RFC 9113 §4.1"
kind = "must"
expect = I()
content = b"hello"

RESERVED = 1 << 31


def misbehave(x):
    x.frame("SETTINGS", 0, RESERVED)
    x.frame("PING", 0, RESERVED, b"reserved")
    x.frame("WINDOW_UPDATE", 0, RESERVED, (1000).to_bytes(4, "big"))
    x.headers(stream=RESERVED | x.s)
    x.data("hello", stream=RESERVED | x.s)
