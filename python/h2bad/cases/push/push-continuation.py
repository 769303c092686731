# SPDX-License-Identifier: MIT
"""PUSH_PROMISE in four frames

What the server sends
    PUSH_PROMISE without END_HEADERS for stream 2, three CONTINUATION frames,
    and the response on it.

What a client must do
    "When set, the END_HEADERS flag indicates that this frame contains an
    entire field block and is not followed by any CONTINUATION frames." (RFC
    9113 §6.6) Without it they follow, on the stream of the PUSH_PROMISE.

Why it matters
    A client that looks for them on the promised stream has lost the
    connection.
"""
from h2bad.case import OK, block

section = "RFC 9113 §6.6"
kind = "must"
expect = OK()


def misbehave(x):
    x.need_push()
    whole = block(x.push_fields())
    x.push(block=whole[:5], end_headers=False)
    x.continuation(whole[5:10], end_headers=False)
    x.continuation(whole[10:15], end_headers=False)
    x.continuation(whole[15:])
    x.pushed(2)
