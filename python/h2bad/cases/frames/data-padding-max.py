# SPDX-License-Identifier: MIT
"""DATA that is nearly all padding

What the server sends
    400 DATA frames, each with 1 octet of data and 255 of padding: 102,800
    octets of window for 400 of content. The server waits for credit where it
    has none.

What a client must do
    "The entire DATA frame payload is included in flow control, including the
    Pad Length and Padding fields if present." (RFC 9113 §6.1) So the client
    gives back what the padding has used.

Why it matters
    A client that gives credit for data alone loses a little of the window with
    each frame, until the connection stands still.
"""
from h2bad.case import OK

section = "RFC 9113 §6.1"
kind = "must"
expect = OK()
wave = 1


def misbehave(x):
    x.headers()
    for _ in range(400):
        if not x.need_window(257):
            return
        x.data("a", padding=255)
