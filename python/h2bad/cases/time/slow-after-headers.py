# SPDX-License-Identifier: MIT
"""HEADERS, and then nothing

What the server sends
    HEADERS with status 200; nothing for three seconds; then END_STREAM.

What a client must do
    No rule: the client's patience is the result.

Why it matters
    Many time limits end with the first octet of a response, and nothing
    limits what comes after it.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R(gives_up=True)
fence = None
wait = 3.0


def misbehave(x):
    x.headers()
