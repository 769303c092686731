# SPDX-License-Identifier: MIT
"""SETTINGS that come after the request

What the server sends
    The first SETTINGS, with INITIAL_WINDOW_SIZE 0, come 200 ms late, when
    the client may have sent content already. Then credit, 20,000 octets at
    a time.

What a client must do
    "Prior to receiving a SETTINGS frame that sets a value for
    SETTINGS_INITIAL_WINDOW_SIZE, an endpoint can only use the default
    initial window size when sending flow-controlled frames." and "A sender
    MUST track the negative flow-control window and MUST NOT send new
    flow-controlled frames until it receives WINDOW_UPDATE frames that cause
    the flow-control window to become positive." (RFC 9113 §6.9.2) It binds
    the client from its acknowledgement on.

Why it matters
    Few servers are so late on a fast network, so this order is seldom
    tested; on a slow one it is usual.
"""
import time

from h2bad.case import L

section = "RFC 9113 §6.9.2"
kind = "must"
expect = L()
needs = ("post:100k",)
withholds = True


def connect(x):
    x.settings = [("INITIAL_WINDOW_SIZE", 0)]
    time.sleep(0.2)


def misbehave(x):
    x.window_update(200000)
    x.passed()
    x.feed(20000)
