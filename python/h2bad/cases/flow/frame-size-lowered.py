# SPDX-License-Identifier: MIT
"""MAX_FRAME_SIZE that is lowered

What the server sends
    MAX_FRAME_SIZE 1,000,000 in the first SETTINGS, and 16,384 while the
    request's content is on its way.

What a client must do
    "The size of a frame payload is limited by the maximum size that a
    receiver advertises in the SETTINGS_MAX_FRAME_SIZE setting." (RFC 9113
    §4.2) The new value binds the client once it has acknowledged it.

Why it matters
    A client that has cut its content before it was sent still holds pieces
    of the old size.
"""
from h2bad.case import L

section = "RFC 9113 §4.2"
kind = "must"
expect = L()
needs = ("post:4M",)
withholds = True


def connect(x):
    x.settings = [("MAX_FRAME_SIZE", 1000000),
                  ("INITIAL_WINDOW_SIZE", 10000000)]


def misbehave(x):
    x.window_update(1000000)
    x.body(n=300000)
    x.send_settings([("MAX_FRAME_SIZE", 16384)])
    x.acked(2)
    if x.ended():
        x.skip("all of the content came before the change was acknowledged")
    x.feed(1000000)
