# SPDX-License-Identifier: MIT
"""A pushed response without :status

What the server sends
    PUSH_PROMISE for stream 2; unless the client refuses it, HEADERS without
    `:status` on that stream.

What a client must do
    "Malformed requests or responses that are detected MUST be treated as a
    stream error of type PROTOCOL_ERROR." (RFC 9113 §8.1.1) The request's own
    stream stays as it is.

Why it matters
    A promise that is stored answers later requests of the client: what goes
    wrong here ends in a cache.
"""
from h2bad.case import S

section = "RFC 9113 §8.1.1"
kind = "must"
expect = S("PROTOCOL_ERROR", stream=2)


def misbehave(x):
    x.push_kept()
    x.good(x.s)
    x.headers([("content-type", "text/plain")], stream=2)
