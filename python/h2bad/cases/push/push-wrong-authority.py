# SPDX-License-Identifier: MIT
"""PUSH_PROMISE for another server

What the server sends
    PUSH_PROMISE for stream 2 with `:authority: example.invalid`, and the
    response.

What a client must do
    "A client MUST treat a PUSH_PROMISE for which the server is not
    authoritative as a stream error of type PROTOCOL_ERROR." (RFC 9113 §8.4) To
    refuse it is tolerated.

Why it matters
    Who takes it lets any server answer for any other one.
"""
from h2bad.case import S

section = "RFC 9113 §8.4"
kind = "must"
expect = S("PROTOCOL_ERROR", stream=2)
security = "proxy"


def misbehave(x):
    x.need_push()
    x.push(fields=x.push_fields(authority="example.invalid"))
    x.pushed(2)
