# SPDX-License-Identifier: MIT
"""CONTINUATION of one octet, without end

What the server sends
    HEADERS without END_HEADERS, and CONTINUATION frames of one octet each, an
    indexed field. It stops after 64 MiB, 30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    CVE-2023-45288: Go decoded such frames for ever, although it had discarded
    the request. It costs the sender little and the receiver a lot.
"""
from h2bad.case import D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.headers(end_headers=False)
    x.flood(frame("CONTINUATION", 0, x.s, b"\xa1"))    # date, empty
    x.continuation()
