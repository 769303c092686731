# SPDX-License-Identifier: MIT
"""Credit of one octet at a time

What the server sends
    Once the windows are used, WINDOW_UPDATE frames by one octet, each after
    the octet before has come; 4,000 at most, within three seconds. Then
    enough.

What a client must do
    No rule: a client may send DATA of one octet each, may wait for more
    credit, and may give up. "An endpoint MAY treat activity that is
    suspicious as a connection error of type ENHANCE_YOUR_CALM." (RFC 9113
    §10.5)

Why it matters
    CVE-2019-9511, in the other direction: each octet costs a frame, a TLS
    record and a write, and in some senders a piece of memory that is kept.
"""
import time

from h2bad.case import D

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
needs = ("post:70k",)
withholds = True


def misbehave(x):
    x.body(n=65535, timeout=1.0)
    end = time.monotonic() + 3.0
    for n in range(4000):
        if x.ended() or x.abandoned() or time.monotonic() > end:
            break
        x.window_update(1)
        x.window_update(1, x.s)
        x.body(n=x.received() + 1, timeout=0.2)
    x.feed(20000)
