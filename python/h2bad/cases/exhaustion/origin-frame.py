# SPDX-License-Identifier: MIT
"""ORIGIN

What the server sends
    An ORIGIN frame (RFC 8336) with the origin of the request.

What a client must do
    "The ORIGIN frame is a non-critical extension to HTTP/2. Endpoints that do
    not support this frame can safely ignore it upon receipt." (RFC 8336 §2.2)

Why it matters
    CVE-2022-24668: any ORIGIN frame ended the process of a client of
    swift-nio-http2.
"""
from h2bad.case import I, octets, struct

section = "RFC 8336 §2.2"
kind = "must"
expect = I()
wave = 2


def misbehave(x):
    origin = octets("https://" + (x.request.get(":authority") or ""))
    x.frame("ORIGIN", payload=struct.pack(">H", len(origin)) + origin)
