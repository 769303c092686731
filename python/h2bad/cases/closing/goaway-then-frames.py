# SPDX-License-Identifier: MIT
"""PING, SETTINGS and WINDOW_UPDATE behind GOAWAY

What the server sends
    GOAWAY with the request's stream and NO_ERROR; behind it PING, SETTINGS and
    WINDOW_UPDATE for the connection; then the response.

What a client must do
    "The sender of a GOAWAY frame might gracefully shut down a connection by
    sending a GOAWAY frame, maintaining the connection in an "open" state until
    all in-progress streams complete." (RFC 9113 §6.8) Until then PING and
    SETTINGS are acknowledged, as always.

Why it matters
    A client that stops to read at GOAWAY misses the credit that its upload
    waits for.
"""
from h2bad.case import Moves

section = "RFC 9113 §6.8"
kind = "must"
expect = Moves()
wave = 2


def misbehave(x):
    x.send_goaway()
    x.ping(b"and then")
    x.send_settings()
    x.window_update(1000)
    x.need_pongs(b"and then")
    x.need_acks()
