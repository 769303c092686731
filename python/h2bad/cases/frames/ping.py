# SPDX-License-Identifier: MIT
"""PING

What the server sends
    A PING frame before the response, and one between its HEADERS and DATA.

What a client must do
    "Receivers of a PING frame that does not include an ACK flag MUST send a
    PING frame with the ACK flag set in response, with an identical frame
    payload." (RFC 9113 §6.7)

Why it matters
    Servers and proxies find dead connections by it, and close those that do
    not answer.
"""
from h2bad.case import OK

section = "RFC 9113 §6.7"
kind = "must"
expect = OK()
wave = 1
fence = "SETTINGS"


def misbehave(x):
    x.ping(b"before..")
    x.headers()
    x.ping(b"between.")
    x.data("hello")
    x.need_pongs(b"before..", b"between.")
