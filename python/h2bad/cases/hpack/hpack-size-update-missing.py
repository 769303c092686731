# SPDX-License-Identifier: MIT
"""No size update after a smaller table

What the server sends
    To a client whose HEADER_TABLE_SIZE is below 4,096, and has been
    acknowledged: a field block that does not begin with a dynamic table
    size update.

What a client must do
    "An endpoint MUST treat a field block that follows an acknowledgment of
    the reduction to the maximum dynamic table size as a connection error of
    type COMPRESSION_ERROR if it does not start with a conformant Dynamic
    Table Size Update instruction." (RFC 9113 §4.3.1)
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    Such an encoder still counts on 4,096 octets, so its table and the
    client's will differ.
"""
from h2bad.case import C

section = "RFC 9113 §4.3.1"
kind = "must"
expect = C("COMPRESSION_ERROR")


def misbehave(x):
    if x.client_settings["HEADER_TABLE_SIZE"] >= 4096:
        x.skip("the client's HEADER_TABLE_SIZE is not below 4,096")
    x.frame("HEADERS", "END_HEADERS", x.s, b"\x88")
