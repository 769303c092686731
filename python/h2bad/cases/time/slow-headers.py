# SPDX-License-Identifier: MIT
"""A response after three seconds

What the server sends
    Nothing for three seconds; then the response.

What a client must do
    No rule: the client's patience is the result.

Why it matters
    Time limits for the first octet of a response differ, and are often
    shorter than those who set them think.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R(gives_up=True)
fence = None
wait = 3.0


def misbehave(x):
    x.patience()    # and the response at the end
