# SPDX-License-Identifier: MIT
"""A response of 8,000,000 octets

What the server sends
    A response of 8,000,000 octets, never more than the client has given
    credit for.

What a client must do
    "The receiver of a frame sends a WINDOW_UPDATE frame as it consumes data
    and frees up space in flow-control windows." (RFC 9113 §6.9.1)

Why it matters
    A client that forgets credit in one of its two windows, for padding or
    for frames that are dropped, hangs after a while.
"""
from h2bad.case import OK

section = "RFC 9113 §6.9.1"
kind = "must"
expect = OK()


def misbehave(x):
    x.headers([(":status", "200"), ("content-length", "8000000")])
    x.fill(7999999)
    x.later(x.data, ".", end=True)
