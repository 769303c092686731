# SPDX-License-Identifier: MIT
"""RST at the start

What the server sends
    A TCP reset as soon as the connection is there.

What a client must do
    Tell the program of an error, after a bounded number of attempts, and not
    wait.

Why it matters
    A server that is full, or a firewall, answers so.
"""
from h2bad.case import R

section = "RFC 9113 §9.1"
kind = "must"
expect = R(hang=True)
wave = 2
fence = None
finish = False


def accept(x):
    x.close("rst")
