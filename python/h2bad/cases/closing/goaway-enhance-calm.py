# SPDX-License-Identifier: MIT
"""GOAWAY with ENHANCE_YOUR_CALM

What the server sends
    GOAWAY with 0 as its last stream and ENHANCE_YOUR_CALM, and the end of the
    connection. Another connection is answered well.

What a client must do
    ENHANCE_YOUR_CALM: "The endpoint detected that its peer is exhibiting a
    behavior that might be generating excessive load." (RFC 9113 §7) There is
    no rule for what follows; to wait before the next connection would be
    polite.

Why it matters
    Clients that come back at once make the load worse that they are told of.
"""
from h2bad.case import R

section = "RFC 9113 §7"
kind = "check"
expect = R(hang=True)
wave = 2


def misbehave(x):
    x.goaway_close("ENHANCE_YOUR_CALM", last=0)
