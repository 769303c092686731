# SPDX-License-Identifier: MIT
"""END_STREAM without a window

What the server sends
    No credit at all for a request whose content has 65,535 octets, as many
    as the windows have at first.

What a client must do
    "Frames with zero length with the END_STREAM flag set (that is, an empty
    DATA frame) MAY be sent if there is no available space in either
    flow-control window." (RFC 9113 §6.9.1)

Why it matters
    A client that waits for credit here never ends its request, and the
    server has no reason to give any: it expects nothing more.
"""
from h2bad.case import OK

section = "RFC 9113 §6.9.1"
kind = "should"
expect = OK()
needs = ("post:65535",)
withholds = True


def misbehave(x):
    x.body(timeout=2.0)
    if not x.ended():
        x.found("tolerated", "waits", "END_STREAM did not come without "
                "credit, which a client may wait for")
        x.feed(1000)
