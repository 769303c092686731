# SPDX-License-Identifier: MIT
"""A value of 16,000 octets, over CONTINUATION

What the server sends
    A response with a field whose value has 16,000 octets, without Huffman
    coding, in HEADERS and a CONTINUATION frame; its last field is its
    content-length.

What a client must do
    No rule: a client takes it, or refuses the stream or the connection. "A
    client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1)

Why it matters
    Cookies and security policies come near to this size.
"""
from h2bad.case import OK, S, field

section = "RFC 9113 §10.5.1"
kind = "should"
expect = OK() | S("ENHANCE_YOUR_CALM", "CANCEL")


def misbehave(x):
    x.split_headers(b"\x88" + field("x-long", "a" * 16000)
                    + field("content-length", "13"), 1)
    x.later(x.data, "hello, world\n", end=True)
