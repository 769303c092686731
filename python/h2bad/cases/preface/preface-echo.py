# SPDX-License-Identifier: MIT
"""The client's own preface comes back

What the server sends
    The 24 octets with which a client's preface begins, then SETTINGS; the
    connection is left open.

What a client must do
    "Clients and servers MUST treat an invalid connection preface as a
    connection error of type PROTOCOL_ERROR." (RFC 9113 §3.4) As a frame header
    they announce 5,263,945 octets of payload: FRAME_SIZE_ERROR fits too
    (§4.2). A close without GOAWAY is as good: "A GOAWAY frame (Section 6.8)
    MAY be omitted in this case, since an invalid preface indicates that the
    peer is not using HTTP/2."

Why it matters
    An echo service answers so, and so does a client that was connected to a
    client. One that waits for the payload that seems to be announced hangs.
"""
from h2bad.case import C

section = "RFC 9113 §3.4"
kind = "must"
expect = C("PROTOCOL_ERROR", "FRAME_SIZE_ERROR", close=True)
fence = None
finish = False


def connect(x):
    x.settings = None
    x.automatic -= {"settings_ack"}
    x.octets(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    x.send_settings()
