# SPDX-License-Identifier: MIT
"""DATA of one octet each

What the server sends
    5,000 octets of content, one to a DATA frame.

What a client must do
    "DATA frames (type=0x00) convey arbitrary, variable-length sequences of
    octets associated with a stream." (RFC 9113 §6.1) A client that takes it
    for an attack may answer ENHANCE_YOUR_CALM.

Why it matters
    Servers that flush each write send so. A client that sends WINDOW_UPDATE
    for each frame sends more than it gets.
"""
from h2bad.case import OK

section = "RFC 9113 §6.1"
kind = "must"
expect = OK()
content = b"a" * 5000


def misbehave(x):
    x.need_room(5000)
    x.headers()
    for _ in range(50):
        if not x.need_window(1):
            return
        with x.together():
            for _ in range(100):
                x.data("a")
