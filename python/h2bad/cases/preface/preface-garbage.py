# SPDX-License-Identifier: MIT
"""Octets that are no HTTP/2

What the server sends
    64 octets of 0xff in the place of SETTINGS; the connection is left open.

What a client must do
    "Clients and servers MUST treat an invalid connection preface as a
    connection error of type PROTOCOL_ERROR." (RFC 9113 §3.4) As a frame header
    they announce 2^24-1 octets of payload: FRAME_SIZE_ERROR fits too (§4.2). A
    close without GOAWAY is as good: "A GOAWAY frame (Section 6.8) MAY be
    omitted in this case, since an invalid preface indicates that the peer is
    not using HTTP/2."

Why it matters
    A client that waits for the payload of the frame that the octets seem to
    announce hangs.
"""
from h2bad.case import C

section = "RFC 9113 §3.4"
kind = "must"
expect = C("PROTOCOL_ERROR", "FRAME_SIZE_ERROR", close=True)
wave = 1
fence = None
finish = False


def connect(x):
    x.settings = None
    x.automatic -= {"settings_ack"}
    x.octets(b"\xff" * 64)
