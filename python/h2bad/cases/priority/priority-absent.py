# SPDX-License-Identifier: MIT
"""Priorities without NO_RFC7540_PRIORITIES

What the server sends
    Nothing unusual; the setting NO_RFC7540_PRIORITIES is not sent.

What a client must do
    No rule: the signals are the result. RFC 9218 has the field `priority`
    and PRIORITY_UPDATE frames, RFC 7540 had priorities in HEADERS and
    PRIORITY frames. Without the setting, the client "SHOULD stop sending
    PRIORITY_UPDATE frames" (RFC 9218 §2.1.1).

Why it matters
    It tells which of the two schemes a client has, and whether it keeps the
    old one.
"""
from h2bad.case import R, frame

section = "none"
kind = "check"
expect = R()
wait = 0.2


def misbehave(x):
    x.passed()
    old = [frame.type for frame in x.connection.frames
           if frame.type == "PRIORITY"
           or frame.type == "HEADERS" and frame.priority]
    new = [frame for frame in x.connection.frames
           if frame.type == "PRIORITY_UPDATE"]
    fields = [request.get("priority") for request in x.requests]
    x.info("", "RFC 7540: %s; PRIORITY_UPDATE: %d; priority fields: %s" % (
        ", ".join(old) or "none", len(new), fields))
