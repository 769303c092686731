# SPDX-License-Identifier: MIT
"""Padding that is not zero

What the server sends
    DATA with 5 octets of data and 10 octets of padding, which are 0xff.

What a client must do
    "Padding octets MUST be set to zero when sending. A receiver is not
    obligated to verify padding but MAY treat non-zero padding as a connection
    error of type PROTOCOL_ERROR." (RFC 9113 §6.1)

Why it matters
    Padding is a place for what should not be seen; the result says whether the
    client looks.
"""
from h2bad.case import C, I

section = "RFC 9113 §6.1"
kind = "check"
expect = I() | C("PROTOCOL_ERROR")


def misbehave(x):
    x.headers()
    if not x.need_window(16):
        return
    x.frame("DATA", "PADDED", x.s, b"\x0ahello" + b"\xff" * 10)
