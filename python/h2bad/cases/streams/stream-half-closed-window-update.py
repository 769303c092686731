# SPDX-License-Identifier: MIT
"""What is legal behind END_STREAM

What the server sends
    A whole response while the client uploads a megabyte, for which it has no
    credit; then PRIORITY, WINDOW_UPDATE and RST_STREAM with NO_ERROR on its
    stream.

What a client must do
    "If an endpoint receives additional frames, other than WINDOW_UPDATE,
    PRIORITY, or RST_STREAM, for a stream that is in this state, it MUST
    respond with a stream error of type STREAM_CLOSED." (RFC 9113 §5.1,
    half-closed (remote)) Those three are legal, and "Clients MUST NOT discard
    responses as a result of receiving such a RST_STREAM" (§8.1).

Why it matters
    All three are what a server sends that has answered early.
"""
from h2bad.case import I

section = "RFC 9113 §5.1"
kind = "must"
expect = I()
needs = ("post:1M",)
withholds = True


def misbehave(x):
    x.half_close()
    x.priority()
    x.window_update(10, x.s)
    x.rst("NO_ERROR")
