# SPDX-License-Identifier: MIT
"""ALTSVC

What the server sends
    ALTSVC frames (RFC 7838): on stream 0 with the origin of the request, and
    on its stream without.

What a client must do
    "The ALTSVC frame is a non-critical extension to HTTP/2. Endpoints that do
    not support this frame will ignore it" (RFC 7838 §4).

Why it matters
    CVE-2022-24668: any ALTSVC frame ended the process of a client of
    swift-nio-http2.
"""
from h2bad.case import I, octets, struct

section = "RFC 7838 §4"
kind = "must"
expect = I()
wave = 2


def misbehave(x):
    origin = octets("https://" + (x.request.get(":authority") or ""))
    value = b'h2=":9"; ma=1'
    x.frame("ALTSVC", payload=struct.pack(">H", len(origin)) + origin + value)
    x.frame("ALTSVC", 0, x.s, struct.pack(">H", 0) + value)
