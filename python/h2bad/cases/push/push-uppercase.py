# SPDX-License-Identifier: MIT
"""PUSH_PROMISE with a field name in upper case

What the server sends
    PUSH_PROMISE for stream 2 with the field `X-A: 1`.

What a client must do
    "A field name MUST NOT contain characters in the ranges 0x00-0x20,
    0x41-0x5a, or 0x7f-0xff (all ranges inclusive)." (RFC 9113 §8.2.1) "If a
    client receives a PUSH_PROMISE that does not include a complete and valid
    set of header fields or the ":method" pseudo-header field identifies a
    method that is not safe, it MUST respond on the promised stream with a
    stream error of type PROTOCOL_ERROR." (RFC 9113 §8.4.1) To refuse it is
    tolerated.

Why it matters
    A promise that is stored answers later requests of the client: what goes
    wrong here ends in a cache.
"""
from h2bad.case import S

section = "RFC 9113 §8.2.1"
kind = "must"
expect = S("PROTOCOL_ERROR", stream=2)


def misbehave(x):
    x.need_push()
    x.push(fields=[*x.push_fields(), ("X-A", "1")])
