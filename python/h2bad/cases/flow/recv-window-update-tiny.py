# SPDX-License-Identifier: MIT
"""How a client gives credit

What the server sends
    A response of 1,000,000 octets, never more than the client has given
    credit for.

What a client must do
    No rule; "Receivers are advised to have mechanisms in place to avoid
    sending WINDOW_UPDATE frames with very small increments" (RFC 9113
    §6.9.1). The number of WINDOW_UPDATE frames and their increments are the
    result.

Why it matters
    Many small ones cost both sides, and a sender that uses each at once
    makes small frames of them.
"""
from h2bad.case import R, frame

section = "none"
kind = "check"
expect = R()
wait = 0.2


def misbehave(x):
    x.headers()
    if not x.fill(1000000):
        return                  # the reaction tells that it gave up
    x.passed()
    sizes = [frame.increment for frame in x.connection.frames
             if frame.type == "WINDOW_UPDATE" and frame.stream_id == x.s]
    x.info("", "%d WINDOW_UPDATE frames for the stream, by %s octets" % (
        len(sizes), "%d to %d" % (min(sizes), max(sizes)) if sizes else "no"))
