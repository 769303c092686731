# SPDX-License-Identifier: MIT
"""PING while the program does not read

What the server sends
    Up to 1 MiB of content until the client's window is used up, which its
    program does not read; then PING.

What a client must do
    "Endpoints MUST read and process HTTP/2 frames from the TCP receive buffer
    as soon as data is available." (RFC 9113 §5.2.2) The answer comes though
    the program pauses.

Why it matters
    A client that reads frames only when its program asks for content answers
    nothing meanwhile. Servers then close the connection as dead.
"""
from h2bad.case import OK

section = "RFC 9113 §5.2.2"
kind = "should"
expect = OK()
needs = ("pause:1000",)
fence = "SETTINGS"


def misbehave(x):
    x.headers()
    left = 1 << 20
    while left:
        n = min(x.window(), 16384, left)
        if n > 0:
            x.data(bytes(n))
            left -= n
        elif x.next_frame(0.3) is None:
            break
    if not left:
        x.skip("1 MiB fits into the client's window")
    x.ping(b"stalled!")
    x.need_pongs(b"stalled!", timeout=1)
