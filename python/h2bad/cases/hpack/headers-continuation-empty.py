# SPDX-License-Identifier: MIT
"""Empty CONTINUATION frames within a field block

What the server sends
    HEADERS, two empty CONTINUATION frames, one with the rest of the field
    block, and an empty one with END_HEADERS.

What a client must do
    "Any number of CONTINUATION frames can be sent, as long as the preceding
    frame is on the same stream and is a HEADERS, PUSH_PROMISE, or
    CONTINUATION frame without the END_HEADERS flag set." (RFC 9113 §6.10)
    No length is too small.

Why it matters
    A client that limits empty frames has to allow a few: a frame that is
    full to its last octet makes an encoder end the block so.
"""
from h2bad.case import OK, block

section = "RFC 9113 §6.10"
kind = "must"
expect = OK()
wave = 1


def misbehave(x):
    fields = block([(":status", "200"), ("content-length", "13")])
    x.headers(block=fields[:5], end_headers=False)
    x.continuation(end_headers=False)
    x.continuation(end_headers=False)
    x.continuation(fields[5:], end_headers=False)
    x.continuation()
    x.later(x.data, "hello, world\n", end=True)
