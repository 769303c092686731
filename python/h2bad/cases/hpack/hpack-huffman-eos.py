# SPDX-License-Identifier: MIT
"""A Huffman string with the EOS symbol

What the server sends
    A field whose value is 32 one bits in Huffman coding: the 30 bits of
    EOS, and two of padding.

What a client must do
    "A Huffman-encoded string literal containing the EOS symbol MUST be
    treated as a decoding error." (RFC 7541 §5.2)
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    Table-driven decoders that give EOS an entry of its own read an octet
    for it that no string can hold.
"""
from h2bad.case import C

section = "RFC 7541 §5.2"
kind = "must"
expect = C("COMPRESSION_ERROR")
wave = 1


def misbehave(x):
    x.headers(block=b"\x88\x00\x01a\x84" + b"\xff" * 4)
