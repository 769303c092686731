# SPDX-License-Identifier: MIT
"""GOAWAY twice, the second one with a higher stream

What the server sends
    GOAWAY with the request's stream, GOAWAY with the request's stream + 100,
    both with NO_ERROR, then the response.

What a client must do
    "Endpoints MUST NOT increase the value they send in the last stream
    identifier, since the peers might already have retried unprocessed requests
    on another connection." (RFC 9113 §6.8) What the receiver is to do is not
    said: it may be an error, or be ignored.

Why it matters
    A client that believes the second number takes a request for processed that
    it has sent elsewhere.
"""
from h2bad.case import C, Moves

section = "RFC 9113 §6.8"
kind = "check"
expect = C("PROTOCOL_ERROR") | Moves()
wave = 2


def misbehave(x):
    x.send_goaway()
    x.send_goaway(last=x.s + 100)
