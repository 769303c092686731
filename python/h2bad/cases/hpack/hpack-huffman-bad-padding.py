# SPDX-License-Identifier: MIT
"""A Huffman string that is padded with zeros

What the server sends
    A field whose value is the octet 18 in Huffman coding: the five bits of
    "a", and three zeros.

What a client must do
    "A padding not corresponding to the most significant bits of the code
    for the EOS symbol MUST be treated as a decoding error." (RFC 7541 §5.2)
    That code consists of ones.
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    A decoder that does not look at the padding takes several encodings of
    one string, and may read the start of a symbol as one.
"""
from h2bad.case import C

section = "RFC 7541 §5.2"
kind = "must"
expect = C("COMPRESSION_ERROR")


def misbehave(x):
    x.headers(block=b"\x88\x00\x01x\x81\x18")
