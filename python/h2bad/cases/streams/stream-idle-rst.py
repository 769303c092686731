# SPDX-License-Identifier: MIT
"""RST_STREAM on an idle stream

What the server sends
    RST_STREAM with CANCEL on a stream that the client has not opened yet.

What a client must do
    "If a RST_STREAM frame identifying an idle stream is received, the
    recipient MUST treat this as a connection error of type PROTOCOL_ERROR."
    (RFC 9113 §6.4)

Why it matters
    A client that notes the reset fails a request that it has yet to make.
"""
from h2bad.case import C

section = "RFC 9113 §6.4"
kind = "must"
expect = C("PROTOCOL_ERROR")


def misbehave(x):
    x.rst("CANCEL", x.s + 100)
