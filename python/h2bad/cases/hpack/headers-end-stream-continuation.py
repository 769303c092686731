# SPDX-License-Identifier: MIT
"""END_STREAM on HEADERS, END_HEADERS on CONTINUATION

What the server sends
    A response without content: HEADERS with END_STREAM and without
    END_HEADERS, and CONTINUATION with END_HEADERS.

What a client must do
    "A HEADERS frame with the END_STREAM flag set signals the end of a
    stream. However, a HEADERS frame with the END_STREAM flag set can be
    followed by CONTINUATION frames on the same stream. Logically, the
    CONTINUATION frames are part of the HEADERS frame." (RFC 9113 §6.2)

Why it matters
    A client that closes the stream at the first frame takes the second one
    for an error.
"""
from h2bad.case import OK, field

section = "RFC 9113 §6.2"
kind = "must"
expect = OK()


def misbehave(x):
    x.headers(end=True, end_headers=False)
    x.continuation(field("x-last", "1"))
