# SPDX-License-Identifier: MIT
"""A dynamic table size update above the limit

What the server sends
    A field block that begins with a dynamic table size update to the
    client's own HEADER_TABLE_SIZE and one more.

What a client must do
    "The new maximum size MUST be lower than or equal to the limit
    determined by the protocol using HPACK. A value that exceeds this limit
    MUST be treated as a decoding error." (RFC 7541 §6.3) In HTTP/2 the
    limit is "the last value of the SETTINGS_HEADER_TABLE_SIZE parameter".
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    The limit is what bounds the decoder's memory: without the check the
    server chooses how much the client keeps.
"""
from h2bad.case import C, integer

section = "RFC 7541 §6.3"
kind = "must"
expect = C("COMPRESSION_ERROR")


def misbehave(x):
    limit = x.client_settings["HEADER_TABLE_SIZE"]
    x.headers(block=integer(limit + 1, 5, 0x20) + b"\x88")
