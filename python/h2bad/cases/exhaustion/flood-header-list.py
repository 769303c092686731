# SPDX-License-Identifier: MIT
"""A field block of 16 MB

What the server sends
    HEADERS and CONTINUATION frames with a whole, legal field block of 16 MB:
    more than any SETTINGS_MAX_HEADER_LIST_SIZE that a client may have sent.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    CVE-2023-38039: curl kept all fields of a response; CVE-2026-56846: Node
    did not count them as memory of the session.
"""
from h2bad.case import D, field

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.large_block(b"\x88" + field("x-list", "a" * 4000, 0x10) * 4000)
