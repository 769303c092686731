# SPDX-License-Identifier: MIT
"""The end in the handshake

What the server sends
    FIN after the ClientHello.

What a client must do
    Tell the program of an error, and not wait.

Why it matters
    Load balancers without a server behind them do it.
"""
from h2bad.case import R

section = "RFC 9113 §9.2"
kind = "must"
expect = R(hang=True)
wave = 2
fence = None
finish = False


def client_hello(x):
    x.close("fin")
