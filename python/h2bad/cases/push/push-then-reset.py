# SPDX-License-Identifier: MIT
"""PUSH_PROMISE, and RST_STREAM for it

What the server sends
    PUSH_PROMISE for stream 2, and RST_STREAM with CANCEL on it.

What a client must do
    "Either endpoint can send a RST_STREAM frame to cause the stream to become
    "closed". This releases the stream reservation." (RFC 9113 §5.1, reserved
    (remote))

Why it matters
    Servers do it when they find that they cannot make the response. The client
    asks for it itself then.
"""
from h2bad.case import I

section = "RFC 9113 §5.1"
kind = "must"
expect = I()


def misbehave(x):
    x.need_push()
    x.push()
    x.rst("CANCEL", 2)
