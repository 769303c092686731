# SPDX-License-Identifier: MIT
"""HEADERS octet by octet

What the server sends
    HEADERS, octet by octet, one each 100 ms; then the content.

What a client must do
    No rule: the client's patience is the result.

Why it matters
    A client that reads a frame as a whole blocks here; one whose time limit
    begins anew with each octet waits as long as the server likes.
"""
from h2bad.case import R, field, frame

section = "none"
kind = "check"
expect = R(gives_up=True)
fence = None
wait = 0.1


def misbehave(x):
    for octet in frame("HEADERS", "END_HEADERS", x.s,
                       b"\x88" + field("x-slow", "1")):
        x.octets(bytes([octet]))
        x.sleep(0.1)
    x.data("hello")
