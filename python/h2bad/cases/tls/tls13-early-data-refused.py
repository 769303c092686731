# SPDX-License-Identifier: MIT
"""Early data that is refused

What the server sends
    Tickets that allow early data; on the next connection early data is
    refused.

What a client must do
    Send what was refused again, once (RFC 8446 §4.2.10): "TLS early data MAY
    be used to send requests" (RFC 9113 §9.2.3).

Why it matters
    A request that was sent early is lost with it unless the client keeps it.
"""
from h2bad.case import R

section = "RFC 9113 §9.2.3"
kind = "check"
expect = R(hang=True)
needs = ("early-data", "requests:2",)
wave = 2
every_connection = True


def client_hello(x):
    x.tls.max_early_data = 16384 if x.number == 1 else 0
