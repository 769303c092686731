# SPDX-License-Identifier: MIT
"""A Huffman string with an octet of padding

What the server sends
    A field whose value is the octets 1f ff in Huffman coding: the five bits
    of "a", and eleven ones.

What a client must do
    "A padding strictly longer than 7 bits MUST be treated as a decoding
    error." (RFC 7541 §5.2)
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    Padding without a limit hides any number of octets in a string of one.
"""
from h2bad.case import C

section = "RFC 7541 §5.2"
kind = "must"
expect = C("COMPRESSION_ERROR")


def misbehave(x):
    x.headers(block=b"\x88\x00\x01x\x82\x1f\xff")
