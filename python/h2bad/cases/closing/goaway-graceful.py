# SPDX-License-Identifier: MIT
"""GOAWAY in two steps

What the server sends
    GOAWAY with 2^31-1 as its last stream and NO_ERROR; once a PING behind it
    was acknowledged, GOAWAY with the last stream that has come; then the
    responses. The connection is closed when nothing else comes.

What a client must do
    "Activity on streams numbered lower than or equal to the last stream
    identifier might still complete successfully." (RFC 9113 §6.8) "Receivers
    of a GOAWAY frame MUST NOT open additional streams on the connection,
    although a new connection can be established for new streams." (RFC 9113
    §6.8)

Why it matters
    It is how proxies and servers are restarted. A client that drops requests,
    or goes on with the connection, turns each deployment into errors.
"""
from h2bad.case import Moves

section = "RFC 9113 §6.8"
kind = "must"
expect = Moves()
wave = 2


def misbehave(x):
    x.send_goaway(last=(1 << 31) - 1)
    x.passed()
    x.send_goaway(last=max(each.stream for each in x.requests))
