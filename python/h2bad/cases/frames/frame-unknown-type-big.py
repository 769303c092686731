# SPDX-License-Identifier: MIT
"""Long frames of unknown type

What the server sends
    Eight frames of type 0x42 with 16,384 octets each, on stream 0; then the
    response.

What a client must do
    "Implementations MUST ignore and discard frames of unknown types." (RFC
    9113 §4.1) "All implementations MUST be capable of receiving and minimally
    processing frames up to 2^14 octets in length, plus the 9-octet frame
    header." (§4.2) No window counts them.

Why it matters
    A client that charges them to a window, or keeps them until it knows the
    type, stands still or runs out of memory.
"""
from h2bad.case import I

section = "RFC 9113 §4.1"
kind = "must"
expect = I()


def misbehave(x):
    for _ in range(8):
        x.frame(0x42, 0, 0, bytes(16384))
