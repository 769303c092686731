# SPDX-License-Identifier: MIT
"""HPACK state after the client's reset

What the server sends
    The client gives its request up in the middle of the response. HEADERS
    that insert a field into the dynamic table come on that stream all the
    same, and the next response refers to it.

What a client must do
    "An endpoint receiving HEADERS, PUSH_PROMISE, or CONTINUATION frames
    needs to reassemble field blocks and perform decompression even if the
    frames are to be discarded." (RFC 9113 §4.3) "An endpoint MUST minimally
    process and then discard any frames it receives in this state. This
    means updating header compression state for HEADERS and PUSH_PROMISE
    frames." (§5.1)

Why it matters
    Frames cross: a server has often sent more before it knows of the reset.
    A client that drops them unread has a wrong table, and fields of other
    responses in later ones.
"""
from h2bad.case import I, field

section = "RFC 9113 §5.1"
kind = "must"
expect = I()
needs = ("cancel",)


def misbehave(x):
    x.need_table(100)
    x.headers()
    x.data("hello")
    with x.stays():
        if x.wait("RST_STREAM", x.s) is None:
            x.skip("the client did not reset its stream")
        x.here()
        x.headers(block=field("content-length", "13", 0x40), end=True)
    second = x.need_next()
    x.headers(block=b"\x88\xbe", stream=second.stream)
    x.later(x.data, "hello, world\n", second.stream, end=True)
