# SPDX-License-Identifier: MIT
"""A field block that is cut within its fields

What the server sends
    A short field block over HEADERS and 7 CONTINUATION frames, cut within
    integers and strings (`?n=40`: one octet in each frame).

What a client must do
    "A receiving endpoint reassembles the field block by concatenating its
    fragments and then decompresses the block to reconstruct the field
    section." (RFC 9113 §4.3)

Why it matters
    A decoder that is fed with each fragment has to stop in the middle of an
    integer, of a string, of a Huffman code.
"""
from h2bad.case import OK, field, integer, string

section = "RFC 9113 §4.3"
kind = "must"
expect = OK()
params = {"n": "7"}


def misbehave(x):
    fields = (b"\x88" + integer(28, 4, 0x00) + string("13")
              + field("x-split", "a" * 15) + b"\x00" + string("x-hm")
              + b"\x83\x18\xc6\x3f")           # "aaaa" in Huffman coding
    x.split_headers(fields, min(x.param_number("n", 0, 1000),
                                len(fields) - 1))
    x.later(x.data, "hello, world\n", end=True)
