# SPDX-License-Identifier: MIT
"""A whole connection's end in one record

What the server sends
    The acknowledgement of SETTINGS, HEADERS, DATA with END_STREAM, PING and
    GOAWAY with NO_ERROR, in one TLS record.

What a client must do
    "All frames begin with a fixed 9-octet header followed by a variable-length
    frame payload." (RFC 9113 §4.1) Records and segments are no frames: the
    client takes one after the other, and gets its response.

Why it matters
    A client that looks at GOAWAY, or at the end of the connection, before what
    came in front of it loses the response.
"""
from h2bad.case import OK

section = "RFC 9113 §4.1"
kind = "must"
expect = OK()
content = b"hello"


def connect(x):
    x.automatic -= {"settings_ack"}


def misbehave(x):
    with x.together():
        x.send_settings(ack=True)
        x.headers()
        x.data("hello", end=True)
        x.ping(b"together")
        x.send_goaway()
