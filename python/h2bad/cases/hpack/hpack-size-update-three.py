# SPDX-License-Identifier: MIT
"""Three dynamic table size updates

What the server sends
    A field block that begins with dynamic table size updates to 0, to 100
    and to 4,096.

What a client must do
    "The final maximum size is always signaled, resulting in at most two
    dynamic table size updates." (RFC 7541 §4.2) No sentence says what a
    decoder does with a third one.

Why it matters
    Decoders differ: some count the updates, and end the connection.
"""
from h2bad.case import C, OK, integer

section = "RFC 7541 §4.2"
kind = "check"
expect = OK() | C("COMPRESSION_ERROR")


def misbehave(x):
    x.need_table(4096)
    x.headers(block=integer(0, 5, 0x20) + integer(100, 5, 0x20)
              + integer(4096, 5, 0x20) + b"\x88")
    x.later(x.data, "hello, world\n", end=True)
