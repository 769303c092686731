# SPDX-License-Identifier: MIT
"""RST_STREAM and GOAWAY with requests waiting

What the server sends
    MAX_CONCURRENT_STREAMS 1, so that of five requests four wait; then in one
    write RST_STREAM with CANCEL on the first one's stream, and GOAWAY with 0
    as its last stream; the same on 20 connections, if the client makes so
    many.

What a client must do
    A client must live with it: "Receivers of a GOAWAY frame MUST NOT open
    additional streams on the connection, although a new connection can be
    established for new streams." (RFC 9113 §6.8) So those that wait go to
    another one.

Why it matters
    CVE-2023-35945: Envoy and nghttp2 lost memory each time.
"""
from h2bad.case import D

section = "RFC 9113 §6.8"
kind = "must"
expect = D()
wave = 2
needs = ("parallel:5",)
every_connection = True


def connect(x):
    x.settings = [("MAX_CONCURRENT_STREAMS", 1)]


def misbehave(x):
    if x.count("connections") > 20:
        return
    with x.together():
        x.rst("CANCEL")
        x.send_goaway(last=0)
