# SPDX-License-Identifier: MIT
"""REFUSED_STREAM in the middle of an upload

What the server sends
    RST_STREAM with REFUSED_STREAM on the request's stream once 10,000 of
    100,000 octets of a POST have come. What comes again is answered well.

What a client must do
    "Requests that have not been processed have not failed; clients MAY
    automatically retry them, even those with non-idempotent methods." (RFC
    9113 §8.7) It is sent again from its beginning, or the program gets an
    error.

Why it matters
    CVE-2026-92392: curl used memory after it had been freed. What was sent of
    the content has to be sent again, which not all clients can.
"""
from h2bad.case import D

section = "RFC 9113 §8.7"
kind = "must"
expect = D()
wave = 2
needs = ("post:100k",)
withholds = True


def misbehave(x):
    x.body(n=10000)
    x.rst("REFUSED_STREAM")
