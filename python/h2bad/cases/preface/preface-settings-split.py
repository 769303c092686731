# SPDX-License-Identifier: MIT
"""SETTINGS octet by octet

What the server sends
    SETTINGS with three entries, each of its 27 octets in a TLS record of its
    own, 10 milliseconds apart.

What a client must do
    "All frames begin with a fixed 9-octet header followed by a variable-length
    frame payload." (RFC 9113 §4.1) Records and segments are no frames: the
    client collects the octets.

Why it matters
    A client that takes what one read gives for a frame works until the network
    cuts it elsewhere.
"""
from h2bad.case import entries, frame, OK

import time

section = "RFC 9113 §4.1"
kind = "must"
expect = OK()


def connect(x):
    x.settings = None
    for octet in frame("SETTINGS", 0, 0, entries([
            ("MAX_CONCURRENT_STREAMS", 100), ("INITIAL_WINDOW_SIZE", 65535),
            ("MAX_FRAME_SIZE", 16384)])):
        x.octets(bytes([octet]))
        time.sleep(0.01)
