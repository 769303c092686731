# SPDX-License-Identifier: MIT
"""Flags that have no meaning

What the server sends
    SETTINGS, PING, HEADERS, DATA and WINDOW_UPDATE with all flags that are not
    defined for their type.

What a client must do
    "Unused flags MUST be ignored on receipt and MUST be left unset (0x00) when
    sending." (RFC 9113 §4.1)

Why it matters
    Flags can be given a meaning later. A client that rejects them, or takes
    PADDED or PRIORITY for defined in every type, fails then.
"""
from h2bad.case import I

section = "RFC 9113 §4.1"
kind = "must"
expect = I()
content = b"hello"


def misbehave(x):
    x.frame("SETTINGS", 0xff ^ 0x01)
    x.frame("PING", 0xff ^ 0x01, 0, b"allflags")
    x.headers(flags=0xff ^ 0x2d)
    if not x.need_window(5):
        return
    x.frame("DATA", 0xff ^ 0x09, x.s, b"hello")
    x.frame("WINDOW_UPDATE", 0xff, 0, (1000).to_bytes(4, "big"))
