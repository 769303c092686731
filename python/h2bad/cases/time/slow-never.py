# SPDX-License-Identifier: MIT
"""A request that is never answered

What the server sends
    No response for three seconds, while PINGs are acknowledged; then
    GOAWAY, and the end of the connection.

What a client must do
    No rule: the client's patience is the result. Who gives up resets the
    stream, and can go on with the connection: "RST_STREAM is sent to
    request cancellation of a stream" (RFC 9113 §6.4).

Why it matters
    A client that closes the connection instead harms its other requests;
    one that does neither keeps the server at work for nothing.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R(gives_up=True)
fence = None
wait = 3.0
finish = False


def misbehave(x):
    x.patience()
