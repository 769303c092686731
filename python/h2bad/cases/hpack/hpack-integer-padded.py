# SPDX-License-Identifier: MIT
"""An HPACK integer with superfluous octets

What the server sends
    A field `content-type: text/plain` whose name has the index 31, encoded
    as 0f 90 80 80 00 in the place of 0f 10.

What a client must do
    "It is also possible for an encoder to send a large number of zero
    values, which can waste octets and could be used to overflow integer
    values. Integer encodings that exceed implementation limits -- in value
    or octet length -- MUST be treated as decoding errors." (RFC 7541 §5.1)
    The value is legal; a limit on the octets is allowed.

Why it matters
    Decoders differ, so what one of two recipients takes, the other refuses.
"""
from h2bad.case import C, OK, string

section = "RFC 7541 §5.1"
kind = "check"
expect = OK() | C("COMPRESSION_ERROR")


def misbehave(x):
    x.headers(block=b"\x88\x0f\x90\x80\x80\x00" + string("text/plain"))
    x.later(x.data, "hello, world\n", end=True)
