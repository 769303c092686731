# SPDX-License-Identifier: MIT
"""WINDOW_UPDATE before SETTINGS

What the server sends
    WINDOW_UPDATE of 65,535 octets for the connection, then SETTINGS, then all
    as usual.

What a client must do
    "The server connection preface consists of a potentially empty SETTINGS
    frame (Section 6.5) that MUST be the first frame the server sends in the
    HTTP/2 connection." "Clients and servers MUST treat an invalid connection
    preface as a connection error of type PROTOCOL_ERROR." (RFC 9113 §3.4) A
    close without GOAWAY is as good: "A GOAWAY frame (Section 6.8) MAY be
    omitted in this case, since an invalid preface indicates that the peer is
    not using HTTP/2."

Why it matters
    What a client does before it knows the server's settings is done by
    defaults that may not hold.
"""
from h2bad.case import C

section = "RFC 9113 §3.4"
kind = "must"
expect = C("PROTOCOL_ERROR", close=True)


def connect(x):
    x.settings = None
    x.window_update(65535)
    x.send_settings()
