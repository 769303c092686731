# SPDX-License-Identifier: MIT
"""A response that is pushed

What the server sends
    PUSH_PROMISE for stream 2, the response on it, and then the response to the
    request.

What a client must do
    "Recipients of PUSH_PROMISE frames can choose to reject promised streams by
    returning a RST_STREAM referencing the promised stream identifier back to
    the sender of the PUSH_PROMISE." (RFC 9113 §6.6) Whatever it does with the
    promise, the response to its own request arrives.

Why it matters
    CVE-2026-18924: curl used memory after it had been freed, when pushes met a
    connection that is shared.
"""
from h2bad.case import OK

section = "RFC 9113 §8.4"
kind = "must"
expect = OK()


def misbehave(x):
    x.need_push()
    x.push()
    x.pushed(2)
