# SPDX-License-Identifier: MIT
"""A message in DATA frames of one octet

What the server sends
    200, and a message whose octets come in a DATA frame each.

What a client must do
    Put it together: "using the HTTP/2 stream from the CONNECT transaction as
    if it were the TCP connection" (RFC 8441 §5).

Why it matters
    Frames of HTTP/2 are no frames of WebSockets.
"""
from h2bad.case import OK

section = "RFC 8441 §5"
kind = "must"
expect = OK()
needs = ("websocket",)
wave = 2


def connect(x):
    x.settings = [("ENABLE_CONNECT_PROTOCOL", 1)]


def misbehave(x):
    x.headers()
    x.wait("DATA", x.s)
    for octet in b"\x81\x05hello":
        x.data(bytes([octet]))
    x.close_websocket()
