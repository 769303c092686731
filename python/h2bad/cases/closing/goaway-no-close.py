# SPDX-License-Identifier: MIT
"""GOAWAY, and the server never closes

What the server sends
    The response, and behind it at once GOAWAY with NO_ERROR; then nothing for
    three seconds.

What a client must do
    "A GOAWAY frame might not immediately precede closing of the connection; a
    receiver of a GOAWAY that has no more use for the connection SHOULD still
    send a GOAWAY frame before terminating the connection." (RFC 9113 §6.8)

Why it matters
    Connections that neither side closes are kept until one of them has no
    descriptors left.
"""
from h2bad.case import R

section = "RFC 9113 §6.8"
kind = "check"
expect = R()
wave = 2


def misbehave(x):
    with x.together():
        x.respond()
        x.send_goaway()
    x.complete()
    x.sleep(3)
