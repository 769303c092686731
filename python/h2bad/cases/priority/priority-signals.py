# SPDX-License-Identifier: MIT
"""Priorities of requests in parallel

What the server sends
    Nothing unusual, to four requests in parallel.

What a client must do
    No rule: the signals are the result. RFC 9218 has the field `priority`
    and PRIORITY_UPDATE frames, RFC 7540 had priorities in HEADERS and
    PRIORITY frames.

Why it matters
    A server that serves by priority can only be as good as what it is told.
"""
from h2bad.case import R, frame

section = "none"
kind = "check"
expect = R()
needs = ("parallel:4",)
wait = 0.2


def misbehave(x):
    requests = x.need_requests(4)
    x.passed()
    new = {frame.prioritized_stream_id for frame in x.connection.frames
           if frame.type == "PRIORITY_UPDATE"}
    x.info("", "; ".join("stream %d: %s%s" % (
        request.stream, request.get("priority") or "no field",
        ", PRIORITY_UPDATE" if request.stream in new else "")
        for request in requests))
