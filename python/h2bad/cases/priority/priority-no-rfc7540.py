# SPDX-License-Identifier: MIT
"""NO_RFC7540_PRIORITIES 1

What the server sends
    NO_RFC7540_PRIORITIES 1 in the first SETTINGS.

What a client must do
    "Once the client receives the first SETTINGS frame that contains the
    SETTINGS_NO_RFC7540_PRIORITIES parameter with a value of 1, it SHOULD
    stop sending the HTTP/2 priority signals." (RFC 9218 §2.1.1) These are
    PRIORITY frames, and priorities in HEADERS, of the next request here.

Why it matters
    The signals cost octets and time, and are known to be without effect.
"""
from h2bad.case import L, frame

section = "RFC 9218 §2.1.1"
kind = "should"
expect = L()


def connect(x):
    x.settings = [("NO_RFC7540_PRIORITIES", 1)]


def misbehave(x):
    x.respond()
    x.need_next()
    x.need_acks()
    frames = x.connection.frames
    known = [i for i, frame in enumerate(frames)
             if frame.type == "SETTINGS" and "ACK" in frame.flags]
    for frame in frames[known[0]:] if known else ():
        if frame.type == "PRIORITY" or \
                frame.type == "HEADERS" and frame.priority:
            x.fail("exceeded", "a priority of RFC 7540 came in %s"
                   % frame.type)
