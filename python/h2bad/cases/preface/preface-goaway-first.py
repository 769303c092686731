# SPDX-License-Identifier: MIT
"""GOAWAY before SETTINGS

What the server sends
    GOAWAY with NO_ERROR and last stream 0 as its first frame, and no SETTINGS;
    the connection is left open for 2 seconds.

What a client must do
    "The server connection preface consists of a potentially empty SETTINGS
    frame (Section 6.5) that MUST be the first frame the server sends in the
    HTTP/2 connection." "Clients and servers MUST treat an invalid connection
    preface as a connection error of type PROTOCOL_ERROR." (RFC 9113 §3.4) A
    close without GOAWAY is as good: "A GOAWAY frame (Section 6.8) MAY be
    omitted in this case, since an invalid preface indicates that the peer is
    not using HTTP/2." A client may take the GOAWAY as the refusal that it is
    as well, close the connection, and send its request on another one.

Why it matters
    Servers that are about to stop, or have too many connections, answer so. A
    client that keeps to such a connection waits for a response that never
    comes.
"""
from h2bad.case import C

section = "RFC 9113 §3.4"
kind = "must"
expect = C("PROTOCOL_ERROR", "NO_ERROR", close=True)
finish = False


def connect(x):
    x.settings = None
    x.automatic -= {"settings_ack"}
    x.send_goaway(last=0)
