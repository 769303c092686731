# SPDX-License-Identifier: MIT
"""HEADERS on a closed stream

What the server sends
    A whole response; when the next request is open, HEADERS with status 200
    and END_STREAM on the first one's stream.

What a client must do
    "An endpoint MAY treat receipt of any other type of frame on a closed
    stream as a connection error of type STREAM_CLOSED" and "can perform this
    minimal processing for all streams that are in the "closed" state" (RFC
    9113 §5.1): an error or nothing at all, but never a second response.

Why it matters
    What belongs to no request must reach none: a client that looks only at the
    number of the stream hands it to the wrong one, or fails on what it has
    freed.
"""
from h2bad.case import C, I, S

section = "RFC 9113 §5.1"
kind = "should"
expect = S("STREAM_CLOSED") | C("STREAM_CLOSED", "PROTOCOL_ERROR") | I()


def misbehave(x):
    x.after_response()
    x.headers(end=True)
