# SPDX-License-Identifier: MIT
"""PUSH_PROMISE on a stream that was pushed

What the server sends
    PUSH_PROMISE for stream 2 and HEADERS on it; PUSH_PROMISE for stream 4 on
    stream 2.

What a client must do
    "PUSH_PROMISE frames MUST only be sent on a peer-initiated stream that is
    in either the "open" or "half-closed (remote)" state." (RFC 9113 §6.6) "In
    the absence of more specific rules, implementations SHOULD treat the
    receipt of a frame that is not expressly permitted in the description of a
    state as a connection error of type PROTOCOL_ERROR." (§5.1)

Why it matters
    Promises of promises could go on for ever, and belong to no request.
"""
from h2bad.case import C

section = "RFC 9113 §6.6"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.push_kept()
    x.headers(stream=2)
    x.push(4, stream=2)
