# SPDX-License-Identifier: MIT
"""No SETTINGS from the server

What the server sends
    No SETTINGS frame at all, and no acknowledgement of the client's: the first
    frame is HEADERS with status 200, then DATA; the stream stays open.

What a client must do
    "The server connection preface consists of a potentially empty SETTINGS
    frame (Section 6.5) that MUST be the first frame the server sends in the
    HTTP/2 connection." "Clients and servers MUST treat an invalid connection
    preface as a connection error of type PROTOCOL_ERROR." (RFC 9113 §3.4) A
    close without GOAWAY is as good: "A GOAWAY frame (Section 6.8) MAY be
    omitted in this case, since an invalid preface indicates that the peer is
    not using HTTP/2."

Why it matters
    The peer of a client that accepts it need not be an HTTP/2 server. A client
    that waits for SETTINGS without a limit hangs.
"""
from h2bad.case import C

section = "RFC 9113 §3.4"
kind = "must"
expect = C("PROTOCOL_ERROR", close=True)
wave = 1


def connect(x):
    x.settings = None
    x.automatic -= {"settings_ack"}


def misbehave(x):
    x.headers()
    x.data("hello")
