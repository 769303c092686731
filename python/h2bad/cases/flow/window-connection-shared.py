# SPDX-License-Identifier: MIT
"""Two uploads in one connection's window

What the server sends
    Two requests with content in parallel. Once the connection's window is
    used, credit for it comes 1,000 octets at a time, and enough at once if
    that takes five seconds; for the streams there is enough.

What a client must do
    "The sender MUST NOT send a flow-controlled frame with a length that
    exceeds the space available in either of the flow-control windows
    advertised by the receiver." (RFC 9113 §6.9.1)

Why it matters
    Each stream may have looked at the connection's window before the other
    has used it.
"""
from h2bad.case import L

section = "RFC 9113 §6.9.1"
kind = "must"
expect = L()
needs = ("parallel:2", "post:40k")
withholds = True


def misbehave(x):
    streams = [request.stream for request in x.need_requests(2)]
    for stream in streams:
        x.window_update(100000, stream)
    while sum(map(x.received, streams)) < 65535 and x.next_frame(0.5):
        pass
    x.feed(1000, streams, connection=1000)
