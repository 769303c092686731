# SPDX-License-Identifier: MIT
"""A frame of unknown type in a field block

What the server sends
    HEADERS without END_HEADERS, a frame of type 0x42 on the same stream, then
    CONTINUATION with the rest.

What a client must do
    "However, extension frames that appear in the middle of a field block are
    not permitted; these MUST be treated as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §5.5)

Why it matters
    A client that skips the frame joins pieces of a block that another
    recipient would not: proxies and servers then disagree on where fields
    begin.
"""
from h2bad.case import block, C

section = "RFC 9113 §5.5"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    rest = block([("x-rest", "a")])
    with x.together():
        x.headers(end_headers=False)
        x.frame(0x42, 0, x.s, b"unknown!")
        x.continuation(rest)
