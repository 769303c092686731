# SPDX-License-Identifier: MIT
"""Fifty PINGs at once

What the server sends
    50 PING frames with different data in one piece.

What a client must do
    "Receivers of a PING frame that does not include an ACK flag MUST send a
    PING frame with the ACK flag set in response, with an identical frame
    payload." (RFC 9113 §6.7) The order is not said. A client that takes it for
    an attack may answer ENHANCE_YOUR_CALM.

Why it matters
    A client with one buffer for the answer that is due sends one, or 50 times
    the same.
"""
from h2bad.case import OK

section = "RFC 9113 §6.7"
kind = "must"
expect = OK()
fence = "SETTINGS"


def misbehave(x):
    data = [b"number%02d" % i for i in range(50)]
    with x.together():
        for each in data:
            x.ping(each)
    x.need_pongs(*data)
