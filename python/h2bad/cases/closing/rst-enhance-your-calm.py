# SPDX-License-Identifier: MIT
"""RST_STREAM with ENHANCE_YOUR_CALM

What the server sends
    RST_STREAM with ENHANCE_YOUR_CALM on the request's stream.

What a client must do
    ENHANCE_YOUR_CALM: "The endpoint detected that its peer is exhibiting a
    behavior that might be generating excessive load." (RFC 9113 §7) There is
    no rule for what follows.

Why it matters
    Clients that repeat the request at once make the load worse that they are
    told of.
"""
from h2bad.case import R

section = "RFC 9113 §7"
kind = "check"
expect = R(hang=True)
wave = 2


def misbehave(x):
    x.rst("ENHANCE_YOUR_CALM")
