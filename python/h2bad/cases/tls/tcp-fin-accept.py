# SPDX-License-Identifier: MIT
"""FIN at the start

What the server sends
    FIN as soon as the connection is there.

What a client must do
    Tell the program of an error, after a bounded number of attempts, and not
    wait.

Why it matters
    A load balancer whose servers are all gone answers so.
"""
from h2bad.case import R

section = "RFC 9113 §9.1"
kind = "must"
expect = R(hang=True)
wave = 2
fence = None
finish = False


def accept(x):
    x.close("fin")
