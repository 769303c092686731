# SPDX-License-Identifier: MIT
"""MAX_FRAME_SIZE of 0

What the server sends
    After the first request, SETTINGS with MAX_FRAME_SIZE 0; a client that has
    taken it gets its response, so that it sends the next request.

What a client must do
    "The value advertised by an endpoint MUST be between this initial value and
    the maximum allowed frame size (2^24-1 or 16,777,215 octets), inclusive.
    Values outside this range MUST be treated as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §6.5.2)

Why it matters
    CVE-2026-33814: Go's client cut the next request's field block into pieces
    of 0 octets, and sent CONTINUATION frames without an end.
"""
from h2bad.case import C

section = "RFC 9113 §6.5.2"
kind = "must"
expect = C("PROTOCOL_ERROR")
needs = ("requests:2",)
wave = 1


def misbehave(x):
    x.send_settings([("MAX_FRAME_SIZE", 0)])
    if x.passed():
        x.answer(2, least=1)
