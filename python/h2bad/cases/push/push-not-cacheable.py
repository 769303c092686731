# SPDX-License-Identifier: MIT
"""PUSH_PROMISE of OPTIONS

What the server sends
    PUSH_PROMISE for stream 2 with `:method: OPTIONS`, which is safe, and not
    cacheable.

What a client must do
    "Clients that receive a promised request that is not cacheable, that is not
    known to be safe, or that indicates the presence of request content MUST
    reset the promised stream with a stream error of type PROTOCOL_ERROR." (RFC
    9113 §8.4) To refuse it is tolerated.

Why it matters
    A promise that is stored answers later requests of the client: what goes
    wrong here ends in a cache.
"""
from h2bad.case import S

section = "RFC 9113 §8.4"
kind = "must"
expect = S("PROTOCOL_ERROR", stream=2)


def misbehave(x):
    x.need_push()
    x.push(fields=x.push_fields(method="OPTIONS"))
