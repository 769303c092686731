# SPDX-License-Identifier: MIT
"""Reserved bits in WINDOW_UPDATE and GOAWAY

What the server sends
    WINDOW_UPDATE of 1,000 octets with the reserved bit before the increment
    set, HEADERS, and GOAWAY with NO_ERROR and the bit before its last stream
    set; then the content.

What a client must do
    In each of them "The semantics of this bit are undefined, and the bit MUST
    remain unset (0x00) when sending and MUST be ignored when receiving." (RFC
    9113 §4.1) WINDOW_UPDATE and GOAWAY have such a bit in their payload (§6.8,
    §6.9).

Why it matters
    A client that reads 32 bits sees an increment beyond the largest one, or a
    last stream that cannot be.
"""
from h2bad.case import Moves

section = "RFC 9113 §6.9"
kind = "must"
expect = Moves()
content = b"hello"

RESERVED = 1 << 31


def misbehave(x):
    x.window_update(RESERVED | 1000)
    x.headers()
    x.send_goaway(last=RESERVED | x.s)
    x.passed()
    x.data("hello")
