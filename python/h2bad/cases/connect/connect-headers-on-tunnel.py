# SPDX-License-Identifier: MIT
"""HEADERS in a tunnel

What the server sends
    200, DATA, and HEADERS without END_STREAM on the stream of the tunnel.

What a client must do
    "Frame types other than DATA or stream management frames [...] MUST NOT be
    sent on a connected stream and MUST be treated as a stream error if
    received." (RFC 9113 §8.5)

Why it matters
    There is no message that these fields could belong to.
"""
from h2bad.case import S

section = "RFC 9113 §8.5"
kind = "must"
expect = S("PROTOCOL_ERROR")
needs = ("connect",)
wave = 2


def misbehave(x):
    x.headers()
    x.data("hello")
    x.here()
    x.headers([("x-a", "b")])
