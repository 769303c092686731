# SPDX-License-Identifier: MIT
"""DATA frames of 1,000,000 octets allowed

What the server sends
    MAX_FRAME_SIZE 1,000,000 in the first SETTINGS, and wide windows.

What a client must do
    No rule: the longest frame that a client makes is the result. "This
    setting indicates the size of the largest frame payload that the sender
    is willing to receive, in units of octets." (RFC 9113 §6.5.2)

Why it matters
    Longer frames cost less, but block the connection's other streams for
    longer.
"""
from h2bad.case import R, frame

section = "none"
kind = "check"
expect = R()
needs = ("post:4M",)
wait = 0.2


def connect(x):
    x.settings = [("MAX_FRAME_SIZE", 1000000),
                  ("INITIAL_WINDOW_SIZE", 10000000)]


def misbehave(x):
    x.window_update(10000000)
    if not x.need_body():
        return                  # the reaction tells that it gave up
    sizes = [frame.length for frame in x.connection.frames
             if frame.type == "DATA" and frame.stream_id == x.s]
    x.info("", "the longest DATA frame had %d octets"
           % max(sizes, default=0))
