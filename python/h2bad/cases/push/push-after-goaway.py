# SPDX-License-Identifier: MIT
"""PUSH_PROMISE behind the client's GOAWAY

What the server sends
    GOAWAY with the request's stream and NO_ERROR; if the client answers with
    GOAWAY of its own, PUSH_PROMISE.

What a client must do
    "Receivers of a GOAWAY frame MUST NOT open additional streams on the
    connection" (RFC 9113 §6.8). What the client does with one that has: it may
    be an error, or be ignored.

Why it matters
    The promise comes when the client is about to forget the connection.
"""
from h2bad.case import C, I

section = "RFC 9113 §6.8"
kind = "check"
expect = I() | C("PROTOCOL_ERROR")


def misbehave(x):
    x.need_push()
    x.send_goaway()
    if x.wait("GOAWAY", timeout=2.0) is None:
        x.skip("the client does not answer GOAWAY by its own")
    x.here()
    x.push()
