# SPDX-License-Identifier: MIT
"""HEADERS with a priority and no fields

What the server sends
    A HEADERS frame with the flags PRIORITY and END_HEADERS and the 5 octets of
    a priority: its field block is empty. The stream stays open.

What a client must do
    The ":status" field is missing: it "MUST be included in all responses,
    including interim responses; otherwise, the response is malformed." (RFC
    9113 §8.3.2) "Clients MUST NOT accept a malformed response." (§8.1.1)

Why it matters
    CVE-2022-24666: swift-nio-http2 crashed on a HEADERS frame that had nothing
    but its priority. Any server could do that to its clients.
"""
from h2bad.case import M, struct

section = "RFC 9113 §8.3.2"
kind = "must"
expect = M()
wave = 1


def misbehave(x):
    x.headers([], priority=struct.pack(">IB", 0, 15))
