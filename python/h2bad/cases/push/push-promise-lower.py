# SPDX-License-Identifier: MIT
"""PUSH_PROMISE for stream 8, then for stream 4

What the server sends
    PUSH_PROMISE for stream 8, and then for stream 4.

What a client must do
    "The identifier of a newly established stream MUST be numerically greater
    than all streams that the initiating endpoint has opened or reserved." "An
    endpoint that receives an unexpected stream identifier MUST respond with a
    connection error of type PROTOCOL_ERROR." (RFC 9113 §5.1.1)

Why it matters
    Stream 4 was closed when 8 was reserved: it is not to come back.
"""
from h2bad.case import C

section = "RFC 9113 §5.1.1"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.need_push()
    with x.together():
        x.push(8)
        x.push(4)
