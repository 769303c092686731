# SPDX-License-Identifier: MIT
"""DATA that is nothing but padding

What the server sends
    300 DATA frames without data and with 255 octets of padding, 76,800 octets
    of window; then the content. The server waits for credit where it has none.

What a client must do
    "The entire DATA frame payload is included in flow control, including the
    Pad Length and Padding fields if present." (RFC 9113 §6.1) So the client
    gives back what the padding has used. A client that takes so many empty
    frames for an attack may answer ENHANCE_YOUR_CALM.

Why it matters
    A client that gives credit when its program reads never gives it here:
    there is nothing to read.
"""
from h2bad.case import OK

section = "RFC 9113 §6.1"
kind = "must"
expect = OK()
content = b"hello"


def misbehave(x):
    x.headers()
    for _ in range(300):
        if not x.need_window(256):
            return
        x.data(padding=255)
    x.data("hello")
