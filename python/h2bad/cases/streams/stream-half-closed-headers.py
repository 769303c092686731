# SPDX-License-Identifier: MIT
"""HEADERS behind END_STREAM in an upload

What the server sends
    A whole response while the client uploads a megabyte, for which it has no
    credit; then HEADERS with status 200.

What a client must do
    "If an endpoint receives additional frames, other than WINDOW_UPDATE,
    PRIORITY, or RST_STREAM, for a stream that is in this state, it MUST
    respond with a stream error of type STREAM_CLOSED." (RFC 9113 §5.1,
    half-closed (remote))

Why it matters
    What belongs to no request must reach none: a client that looks only at the
    number of the stream hands it to the wrong one, or fails on what it has
    freed.
"""
from h2bad.case import S

section = "RFC 9113 §5.1"
kind = "must"
expect = S("STREAM_CLOSED")
needs = ("post:1M",)
withholds = True


def misbehave(x):
    x.half_close()
    x.headers()
