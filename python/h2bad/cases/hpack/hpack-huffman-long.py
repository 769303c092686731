# SPDX-License-Identifier: MIT
"""A value of 8,000 octets in Huffman coding

What the server sends
    A response with a field whose value has 8,000 octets, 5,000 in Huffman
    coding, and whose last field is its content-length.

What a client must do
    "If H is '1', then the encoded data is the Huffman encoding of the
    string literal." (RFC 7541 §5.2) No length is excepted, and this one is
    below all limits that are usual.

Why it matters
    Decoders with a buffer of fixed size fail here: a Haskell library for
    HTTP/2 could not decode more than 4,096 octets (kazu-yamamoto/http2
    201).
"""
from h2bad.case import OK, field, integer, string

section = "RFC 7541 §5.2"
kind = "should"
expect = OK()


EIGHT = b"\x18\xc6\x31\x8c\x63"        # "aaaaaaaa"


def misbehave(x):
    x.headers(block=b"\x88\x00" + string("x-long")
              + integer(5000, 7, 0x80) + EIGHT * 1000
              + field("content-length", "13"))
    x.later(x.data, "hello, world\n", end=True)
