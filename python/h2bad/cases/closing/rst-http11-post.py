# SPDX-License-Identifier: MIT
"""RST_STREAM that asks for HTTP/1.1 in an upload

What the server sends
    RST_STREAM with HTTP_1_1_REQUIRED on the request's stream once 10,000 of
    100,000 octets of a POST have come.

What a client must do
    "After receiving a RST_STREAM on a stream, the receiver MUST NOT send
    additional frames for that stream, except for PRIORITY." (RFC 9113 §6.4)
    The client lives on, whether it repeats the request or not.

Why it matters
    CVE-2026-92392: curl used memory after it had been freed.
"""
from h2bad.case import D

section = "RFC 9113 §6.4"
kind = "must"
expect = D()
wave = 2
needs = ("post:100k",)
withholds = True


def misbehave(x):
    x.body(n=10000)
    x.rst("HTTP_1_1_REQUIRED")
