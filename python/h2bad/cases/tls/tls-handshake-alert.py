# SPDX-License-Identifier: MIT
"""handshake_failure

What the server sends
    The fatal alert handshake_failure in the place of the ServerHello.

What a client must do
    Tell the program of an error, and not wait.

Why it matters
    It is the commonest end of a handshake.
"""
from h2bad.case import R

section = "RFC 9113 §9.2"
kind = "must"
expect = R(hang=True)
wave = 2
fence = None
finish = False


def client_hello(x):
    x.tls.alert = "handshake_failure"
    x.note("closing", how="alert")
