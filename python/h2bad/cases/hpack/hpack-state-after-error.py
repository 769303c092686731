# SPDX-License-Identifier: MIT
"""HPACK state after a malformed response

What the server sends
    A response that is malformed, since a name is in upper case, and whose
    block inserts `content-length: 13` into the dynamic table. The next
    request is answered with a field block that refers to that entry.

What a client must do
    "An endpoint receiving HEADERS, PUSH_PROMISE, or CONTINUATION frames
    needs to reassemble field blocks and perform decompression even if the
    frames are to be discarded. A receiver MUST terminate the connection
    with a connection error of type COMPRESSION_ERROR if it does not
    decompress a field block." (RFC 9113 §4.3)
    The malformed response is a stream error, and the next one is right. A
    connection error for the first response passes too.

Why it matters
    CVE-2023-32731: gRPC stopped decoding where the error was, so that its
    table and the server's were different from then on, and fields of one
    response showed up in others.
"""
from h2bad.case import M, field

section = "RFC 9113 §4.3"
kind = "must"
expect = M()
wave = 1


def misbehave(x):
    x.need_table(100)
    x.headers(block=b"\x88" + field("X-Upper", "a")
              + field("content-length", "13", 0x40))
    x.patience()
    if x.s in x.resets:
        second = x.need_next()
        x.headers(block=b"\x88\xbe", stream=second.stream)
        x.passed()
        x.later(x.data, "hello, world\n", second.stream, end=True)
    else:
        x.later(x.data, "hello, world\n", end=True)


def judge(o):
    if o.goaway == "COMPRESSION_ERROR" and o.good_streams:
        return "fail", "out-of-step", "the next field block was not decoded"
    return expect.judge(o)
