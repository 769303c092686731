# SPDX-License-Identifier: MIT
"""HEADERS behind the server's RST_STREAM

What the server sends
    In one write RST_STREAM with INTERNAL_ERROR on the request's stream, and
    HEADERS with status 200 and END_STREAM.

What a client must do
    "An endpoint MAY treat receipt of any other type of frame on a closed
    stream as a connection error of type STREAM_CLOSED" and "can perform this
    minimal processing for all streams that are in the "closed" state" (RFC
    9113 §5.1): an error or nothing at all, but never a second response.

Why it matters
    What belongs to no request must reach none: a client that looks only at the
    number of the stream hands it to the wrong one, or fails on what it has
    freed. Here it would turn an error into a success.
"""
from h2bad.case import C, I, S

section = "RFC 9113 §5.1"
kind = "should"
expect = S("STREAM_CLOSED") | C("STREAM_CLOSED", "PROTOCOL_ERROR") | \
    I(response=False)


def misbehave(x):
    with x.together():
        x.rst("INTERNAL_ERROR")
        x.headers(end=True)


def judge(o):
    if o.got is not None and o.got.get("result") == "response" and \
            not o.retries and o.follow_up is None:
        return ("fail", "accepted", "the program got the response behind "
                "RST_STREAM")
    return expect.judge(o)
