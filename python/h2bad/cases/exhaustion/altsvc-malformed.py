# SPDX-License-Identifier: MIT
"""ALTSVC that is wrong

What the server sends
    ALTSVC frames: an origin longer than the frame, an origin on the stream of
    the request, and none on stream 0.

What a client must do
    "An ALTSVC frame on stream 0 with empty (length 0) "Origin" information is
    invalid and MUST be ignored. An ALTSVC frame on a stream other than stream
    0 containing non-empty "Origin" information is invalid and MUST be
    ignored." (RFC 7838 §4) One whose fields do not fit into it may be an
    error of the connection.

Why it matters
    A length that is believed reads memory behind the frame.
"""
from h2bad.case import C, I, struct

section = "RFC 7838 §4"
kind = "must"
expect = I() | C("FRAME_SIZE_ERROR")
wave = 2


def misbehave(x):
    value = b'h2=":9"; ma=1'
    x.frame("ALTSVC", payload=struct.pack(">H", 1000) + value)
    x.frame("ALTSVC", 0, x.s, struct.pack(">H", 19) + b"https://example.com"
            + value)
    x.frame("ALTSVC", payload=struct.pack(">H", 0) + value)
