# SPDX-License-Identifier: MIT
"""GOAWAY with a stream of the server's own

What the server sends
    GOAWAY with an even number as its last stream, the request's + 1, and
    NO_ERROR; then the response.

What a client must do
    "To deal with this case, the GOAWAY contains the stream identifier of the
    last peer-initiated stream that was or might be processed on the sending
    endpoint in this connection." (RFC 9113 §6.8) What the receiver of another
    one is to do is not said: it may be an error, or count as the number that
    it is.

Why it matters
    Clients that look the stream up find none, or one of a push.
"""
from h2bad.case import C, Moves

section = "RFC 9113 §6.8"
kind = "check"
expect = C("PROTOCOL_ERROR") | Moves()
wave = 2


def misbehave(x):
    x.send_goaway(last=x.s + 1)
