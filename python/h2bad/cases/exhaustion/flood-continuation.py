# SPDX-License-Identifier: MIT
"""CONTINUATION without end

What the server sends
    HEADERS without END_HEADERS, and CONTINUATION frames of 16,384 octets with
    fields that are never indexed. It stops after 64 MiB, 30,000 frames or 3
    seconds.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    VU#421644: many implementations kept what came, or decoded it, without a
    limit (CVE-2024-28182 in nghttp2, CVE-2024-30255 in Envoy,
    CVE-2024-27919).
"""
from h2bad.case import D, field, frame

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.headers(end_headers=False)
    x.flood(frame("CONTINUATION", 0, x.s, field("x-flood", "a" * 500, 0x10)
                  * 32))
    x.continuation()
