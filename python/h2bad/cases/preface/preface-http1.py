# SPDX-License-Identifier: MIT
"""HTTP/1.1 after HTTP/2 was selected

What the server sends
    An HTTP/1.1 response with status 307 and a location, and nothing else; the
    connection is left open until the client has had time to react.

What a client must do
    "Clients and servers MUST treat an invalid connection preface as a
    connection error of type PROTOCOL_ERROR." (RFC 9113 §3.4) As a frame
    header, its first octets announce 4,740,180 octets of payload:
    FRAME_SIZE_ERROR fits too (§4.2). A close without GOAWAY is as good: "A
    GOAWAY frame (Section 6.8) MAY be omitted in this case, since an invalid
    preface indicates that the peer is not using HTTP/2." A client that goes to
    the location has taken the response.

Why it matters
    Load balancers and HTTP/1.1 servers with a wrong ALPN configuration answer
    so. A client that waits for the rest of the frame hangs; one that takes the
    response speaks a protocol that was not negotiated.
"""
from h2bad.case import C, TARGET

section = "RFC 9113 §3.4"
kind = "must"
expect = C("PROTOCOL_ERROR", "FRAME_SIZE_ERROR", close=True)
wave = 1
fence = None
finish = False


def connect(x):
    x.settings = None
    x.automatic -= {"settings_ack"}
    x.octets(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: %s\r\n"
             b"Content-Length: 0\r\n\r\n" % x.place().encode())


def judge(o):
    if o.asked(TARGET):
        return "fail", "accepted", "the client went to the location"
    return expect.judge(o)
