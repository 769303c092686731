# SPDX-License-Identifier: MIT
"""HPACK state after a promised request

What the server sends
    PUSH_PROMISE whose block inserts a field into the dynamic table; the
    response to the client's own request refers to it.

What a client must do
    "An endpoint receiving HEADERS, PUSH_PROMISE, or CONTINUATION frames
    needs to reassemble field blocks and perform decompression even if the
    frames are to be discarded." (RFC 9113 §4.3)

Why it matters
    A client that refuses a push has to decode its fields nevertheless, or
    has a wrong table from then on.
"""
from h2bad.case import OK, block, field

section = "RFC 9113 §4.3"
kind = "must"
expect = OK()
needs = ("push",)


def misbehave(x):
    if not x.client_settings["ENABLE_PUSH"]:
        x.skip("the client does not allow pushes")
    x.need_table(100)
    x.push(block=block(x.push_fields()) + field("x-pushed", "1", 0x40))
    x.respond(2)
    x.headers(block=b"\x88\xbe")
    x.later(x.data, "hello, world\n", end=True)
