# SPDX-License-Identifier: MIT
"""PUSH_PROMISE for streams 2 and 100

What the server sends
    PUSH_PROMISE for stream 2 and for stream 100, and the responses on both.

What a client must do
    "That is, an endpoint may skip a stream identifier, with the effect being
    that the skipped stream is immediately closed." (RFC 9113 §5.1.1)

Why it matters
    A client that expects each number fails as soon as a server drops a
    promise.
"""
from h2bad.case import OK

section = "RFC 9113 §5.1.1"
kind = "must"
expect = OK()


def misbehave(x):
    x.need_push()
    x.push(2)
    x.push(100)
    x.pushed(2, 100)
