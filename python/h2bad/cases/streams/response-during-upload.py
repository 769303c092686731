# SPDX-License-Identifier: MIT
"""An echo of the upload while it goes on

What the server sends
    HEADERS with status 200 at the beginning of an upload of 100,000 octets,
    and each DATA frame of the client's sent back.

What a client must do
    "A server can send a complete response prior to the client sending an
    entire request if the response does not depend on any portion of the
    request that has not been sent and received." (RFC 9113 §8.1) So can it
    send a part of one.

Why it matters
    Streaming in both directions, as gRPC does, needs it. A client that does
    not read while it sends stops both.
"""
from h2bad.case import OK

section = "RFC 9113 §8.1"
kind = "should"
expect = OK()
needs = ("post:100k",)


def misbehave(x):
    x.need_room(100000)
    x.headers()
    ended = False
    while not ended:
        frame = x.wait(stream=x.s)      # DATA, or the trailer section
        if frame is None:
            if not x.abandoned():
                x.fail("hang", "the upload has stopped")
            return
        ended = getattr(frame, "stream_ended", False)
        data = getattr(frame, "data", b"")
        if (data or ended) and not x.data(data, end=ended):
            return
