# SPDX-License-Identifier: MIT
"""Three violations in one write

What the server sends
    In one write: WINDOW_UPDATE for the connection with an increment of 0,
    RST_STREAM with 3 octets, and PING with 7.

What a client must do
    "Implementations MAY discover multiple errors during processing, but they
    SHOULD report at most one stream and one connection error as a result." "If
    a frame causes a connection error, that error MUST be reported." (RFC 9113
    §5.4)

Why it matters
    CVE-2026-27135: nghttp2 had ended its session at the first frame, and
    failed an assertion at the second.
"""
from h2bad.case import C

section = "RFC 9113 §5.4"
kind = "must"
expect = C("PROTOCOL_ERROR", "FRAME_SIZE_ERROR")
wave = 2


def misbehave(x):
    with x.together():
        x.window_update(0)
        x.frame("RST_STREAM", 0, x.s, bytes(3))
        x.ping(bytes(7))
