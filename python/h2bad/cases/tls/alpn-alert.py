# SPDX-License-Identifier: MIT
"""no_application_protocol

What the server sends
    The fatal alert no_application_protocol in the place of the ServerHello.

What a client must do
    Tell the program of an error, or try again with HTTP/1.1 alone; not wait.

Why it matters
    Servers that have no protocol in common with the client answer so.
"""
from h2bad.case import R

section = "RFC 9113 §3.2"
kind = "must"
expect = R(hang=True)
wave = 2
fence = None
finish = False


def client_hello(x):
    x.tls.alert = "no_application_protocol"
    x.note("closing", how="alert")
