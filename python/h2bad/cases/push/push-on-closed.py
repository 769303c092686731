# SPDX-License-Identifier: MIT
"""PUSH_PROMISE on a closed stream, push allowed

What the server sends
    A whole response; when the next request is open, PUSH_PROMISE on the first
    one's stream.

What a client must do
    "A receiver MUST treat the receipt of a PUSH_PROMISE on a stream that is
    neither "open" nor "half-closed (local)" as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §6.6) A client that resets the stream after the
    response is left out: "an endpoint that has sent RST_STREAM on the
    associated stream MUST handle PUSH_PROMISE frames that might have been
    created before the RST_STREAM frame is received and processed."

Why it matters
    The promise belongs to a request that is over: a client that looks it up
    finds what it has freed.
"""
from h2bad.case import C

section = "RFC 9113 §6.6"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.need_push()
    x.after_response()
    x.need_unreset()
    x.push()
