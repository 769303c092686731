# SPDX-License-Identifier: MIT
"""DATA frames of 16,384 octets at most

What the server sends
    Nothing unusual: MAX_FRAME_SIZE is not sent, so that it is 16,384, and
    credit comes as content does.

What a client must do
    "The size of a frame payload is limited by the maximum size that a
    receiver advertises in the SETTINGS_MAX_FRAME_SIZE setting." (RFC 9113
    §4.2)

Why it matters
    A server has to end the connection at a frame that is too long.
"""
from h2bad.case import L

section = "RFC 9113 §4.2"
kind = "must"
expect = L()
needs = ("post:200k",)


def misbehave(x):
    x.need_body()
