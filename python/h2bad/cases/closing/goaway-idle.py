# SPDX-License-Identifier: MIT
"""GOAWAY on a connection that is idle

What the server sends
    The response, and behind it at once GOAWAY with NO_ERROR. The connection is
    kept open.

What a client must do
    "Receivers of a GOAWAY frame MUST NOT open additional streams on the
    connection, although a new connection can be established for new streams."
    (RFC 9113 §6.8) The next request comes on another one.

Why it matters
    The next request is lost if it is sent on this connection: the server
    ignores it.
"""
from h2bad.case import Moves

section = "RFC 9113 §6.8"
kind = "must"
expect = Moves()
wave = 2


def misbehave(x):
    with x.together():
        x.respond()
        x.send_goaway()
    x.complete()
