# SPDX-License-Identifier: MIT
"""An HPACK integer of 10,000 octets

What the server sends
    A field block with `:status: 200` and an indexed field whose index goes
    on for 10,000 octets 80, which add nothing to it, and does not end.

What a client must do
    "It is also possible for an encoder to send a large number of zero
    values, which can waste octets and could be used to overflow integer
    values. Integer encodings that exceed implementation limits -- in value
    or octet length -- MUST be treated as decoding errors." (RFC 7541 §5.1)
    "A decoding error in a field block MUST be treated as a connection error
    of type COMPRESSION_ERROR." (RFC 9113 §4.3)

Why it matters
    CVE-2026-59980: Python hpack took such an integer in quadratic time. A
    decoder needs no more than a few octets to know.
"""
from h2bad.case import C

section = "RFC 7541 §5.1"
kind = "must"
expect = C("COMPRESSION_ERROR")
wave = 1


def misbehave(x):
    x.headers(block=b"\x88\xff" + b"\x80" * 10000)
