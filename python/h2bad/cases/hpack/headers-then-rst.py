# SPDX-License-Identifier: MIT
"""RST_STREAM within a field block

What the server sends
    HEADERS without END_HEADERS, and then RST_STREAM on the same stream.

What a client must do
    "Field blocks MUST be transmitted as a contiguous sequence of frames,
    with no interleaved frames of any other type or from any other stream."
    (RFC 9113 §4.3) "A HEADERS frame without the END_HEADERS flag set MUST
    be followed by a CONTINUATION frame for the same stream. A receiver MUST
    treat the receipt of any other type of frame or a frame on a different
    stream as a connection error of type PROTOCOL_ERROR." (RFC 9113 §6.2)

Why it matters
    The stream has gone, but not its field block: a client that forgets both
    has a wrong HPACK state, and may keep the block's memory.
"""
from h2bad.case import C

section = "RFC 9113 §6.2"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.headers(end_headers=False)
    x.rst()
