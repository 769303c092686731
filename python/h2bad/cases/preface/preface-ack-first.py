# SPDX-License-Identifier: MIT
"""An acknowledgement before SETTINGS

What the server sends
    A SETTINGS frame with the ACK flag as its first frame, then SETTINGS, then
    all as usual; the client's SETTINGS are not acknowledged again.

What a client must do
    "The server connection preface consists of a potentially empty SETTINGS
    frame (Section 6.5) that MUST be the first frame the server sends in the
    HTTP/2 connection." Whether an acknowledgement is one is not said. If not:
    "Clients and servers MUST treat an invalid connection preface as a
    connection error of type PROTOCOL_ERROR." (RFC 9113 §3.4)

Why it matters
    A server whose acknowledgement is faster than its preface does so. Clients
    differ in it; some have become strict.
"""
from h2bad.case import C, OK

section = "RFC 9113 §3.4"
kind = "check"
expect = C("PROTOCOL_ERROR", close=True) | OK()


def connect(x):
    x.settings = None
    x.automatic -= {"settings_ack"}
    x.send_settings(ack=True)
    x.send_settings()
