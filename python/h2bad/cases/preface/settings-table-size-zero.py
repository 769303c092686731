# SPDX-License-Identifier: MIT
"""HEADER_TABLE_SIZE 0

What the server sends
    SETTINGS with HEADER_TABLE_SIZE 0 after the first request; then the
    responses.

What a client must do
    "Once an endpoint acknowledges a change to SETTINGS_HEADER_TABLE_SIZE that
    reduces the maximum below the current size of the dynamic table, its HPACK
    encoder MUST start the next field block with a Dynamic Table Size Update
    instruction that sets the dynamic table to a size that is less than or
    equal to the reduced maximum; see [RFC7541] Section 4.2." (RFC 9113 §4.3.1)
    Later requests use no entries.

Why it matters
    Servers that want no state send it. A client that goes on with its table
    sends fields that they cannot decode.
"""
from h2bad.case import L

section = "RFC 9113 §4.3.1"
kind = "must"
expect = L()
needs = ("requests:3",)


def misbehave(x):
    x.send_settings([("HEADER_TABLE_SIZE", 0)])
    x.need_acks()
    x.answer(3, least=len(x.requests) + 1)
