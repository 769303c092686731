# SPDX-License-Identifier: MIT
"""GOAWAY with an unknown error code

What the server sends
    GOAWAY with the request's stream and the error code 0xdeadbeef; then the
    response.

What a client must do
    "Unknown or unsupported error codes MUST NOT trigger any special behavior.
    These MAY be treated by an implementation as being equivalent to
    INTERNAL_ERROR." (RFC 9113 §7) Then a client may give the request up.

Why it matters
    A table of names with an index out of its range is what such a code finds.
"""
from h2bad.case import Moves

section = "RFC 9113 §7"
kind = "must"
expect = Moves()
wave = 2


def misbehave(x):
    x.send_goaway(0xdeadbeef)


def judge(o):
    made = expect.judge(o)
    if made.reason in ("closed", "goaway", "reset"):
        return ("tolerated", "gave-up", "it was taken for an error, and the "
                "request given up")
    return made
