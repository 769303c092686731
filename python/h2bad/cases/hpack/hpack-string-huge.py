# SPDX-License-Identifier: MIT
"""A string with a length near 2^31

What the server sends
    A field block with `:status: 200` and a literal field whose name is said
    to have 2147483647 octets; the block ends there (`?huffman=1`: in
    Huffman coding).

What a client must do
    "Integer encodings that exceed implementation limits -- in value or
    octet length -- MUST be treated as decoding errors. Different limits can
    be set for each of the different uses of integers, based on
    implementation constraints." (RFC 7541 §5.1) The string is longer than
    its block, too.
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    CVE-2024-7246 and CVE-2023-36478: gRPC and Jetty made room for such a
    string before they looked at the limit, or computed a negative size from
    it; CVE-2022-24667 was a trap in swift-nio-http2.
"""
from h2bad.case import C, integer

section = "RFC 7541 §5.1"
kind = "must"
expect = C("COMPRESSION_ERROR")
params = {"huffman": "0"}


def misbehave(x):
    huffman = 0x80 if x.param("huffman") == "1" else 0
    x.headers(block=b"\x88\x00" + integer(2**31 - 1, 7, huffman))
