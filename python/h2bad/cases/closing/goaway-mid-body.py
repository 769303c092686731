# SPDX-License-Identifier: MIT
"""GOAWAY in the middle of a response

What the server sends
    HEADERS with content-length 13, DATA with 7 octets, GOAWAY with the
    request's stream and NO_ERROR, and the rest once two PINGs behind it were
    acknowledged.

What a client must do
    "Activity on streams numbered lower than or equal to the last stream
    identifier might still complete successfully." (RFC 9113 §6.8) "Receivers
    of a GOAWAY frame MUST NOT open additional streams on the connection,
    although a new connection can be established for new streams." (RFC 9113
    §6.8)

Why it matters
    Long downloads are the ones that meet a restart: a client that stops at
    GOAWAY never finishes them.
"""
from h2bad.case import Moves

section = "RFC 9113 §6.8"
kind = "must"
expect = Moves()
wave = 2


def misbehave(x):
    x.headers([(":status", "200"), ("content-length", "13")])
    x.data("hello, ")
    x.send_goaway()
    x.patience()
    x.data("world\n", end=True)
    x.complete()
