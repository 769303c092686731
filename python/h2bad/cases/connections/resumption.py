# SPDX-License-Identifier: MIT
"""The second handshake

What the server sends
    One response on the connection, and GOAWAY in front of it; then a second
    connection is answered too.

What a client must do
    Nothing is required: a client may resume its TLS session.

Why it matters
    It saves half of the handshake.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R()
needs = ("requests:2",)
wave = 2
every_connection = True


def connect(x):
    if x.number == 2:
        x.info("resumed" if x.connection.session_reused else "full-handshake")


def misbehave(x):
    with x.together():
        x.send_goaway()
        x.respond()
    x.passed()
