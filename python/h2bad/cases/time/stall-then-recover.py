# SPDX-License-Identifier: MIT
"""Content that stalls for two seconds

What the server sends
    HEADERS and half of the content; nothing for two seconds; then the rest.

What a client must do
    No rule: the client's patience is the result.

Why it matters
    It is what a lost packet, a change of the network or a busy server looks
    like.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R(gives_up=True)
fence = None
wait = 2.0


def misbehave(x):
    x.headers()
    x.data("." * 500)
    x.patience()
    x.data("." * 500)
