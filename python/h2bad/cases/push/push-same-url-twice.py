# SPDX-License-Identifier: MIT
"""Two promises of the same URL

What the server sends
    PUSH_PROMISE for streams 2 and 4 with the same fields, and the responses on
    both.

What a client must do
    "Recipients of PUSH_PROMISE frames can choose to reject promised streams by
    returning a RST_STREAM referencing the promised stream identifier back to
    the sender of the PUSH_PROMISE." (RFC 9113 §6.6) Whatever it does with the
    promise, the response to its own request arrives.

Why it matters
    A client that keeps promises by their URL loses sight of one of the two.
"""
from h2bad.case import OK

section = "RFC 9113 §8.4"
kind = "must"
expect = OK()


def misbehave(x):
    x.need_push()
    x.push(2)
    x.push(4)
    x.pushed(2, 4)
