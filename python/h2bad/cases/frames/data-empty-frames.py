# SPDX-License-Identifier: MIT
"""Empty DATA around the content

What the server sends
    HEADERS, ten empty DATA frames, the content, ten empty DATA frames, and
    END_STREAM on another one.

What a client must do
    "DATA frames (type=0x00) convey arbitrary, variable-length sequences of
    octets associated with a stream." (RFC 9113 §6.1) The length may be 0.

Why it matters
    A client that takes an empty read for the end loses the content.
"""
from h2bad.case import OK

section = "RFC 9113 §6.1"
kind = "must"
expect = OK()
content = b"hello"


def misbehave(x):
    x.headers()
    for _ in range(10):
        x.data()
    x.data("hello")
    for _ in range(10):
        x.data()
