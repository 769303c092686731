# SPDX-License-Identifier: MIT
"""GOAWAY and the end, on an idle connection

What the server sends
    The response, and behind it at once GOAWAY with NO_ERROR, close_notify and
    FIN.

What a client must do
    "Servers are encouraged to maintain open connections for as long as
    possible but are permitted to terminate idle connections if necessary."
    (RFC 9113 §9.1) The next request comes on another connection.

Why it matters
    It is what each server does with connections that are not used. Clients
    that find out too late fail the first request after a pause.
"""
from h2bad.case import Moves

section = "RFC 9113 §9.1"
kind = "must"
expect = Moves()
wave = 2


def misbehave(x):
    x.complete()
    with x.together():
        x.respond()
        x.send_goaway()
    x.close("tls")
