# SPDX-License-Identifier: MIT
"""GOAWAY that asks for HTTP/1.1

What the server sends
    GOAWAY with 0 as its last stream and HTTP_1_1_REQUIRED, and the end of the
    connection. Later connections get HTTP/1.1 by ALPN, if the client offers
    it.

What a client must do
    HTTP_1_1_REQUIRED: "The endpoint requires that HTTP/1.1 be used instead of
    HTTP/2." (RFC 9113 §7) The request comes again over HTTP/1.1, or the
    program gets an error.

Why it matters
    Servers send it for what they cannot do over HTTP/2, as client certificates
    for a part of a site.
"""
from h2bad.case import R

section = "RFC 9113 §7"
kind = "must"
expect = R(hang=True)
wave = 2
needs = ("h1",)
every_connection = True


def client_hello(x):
    if x.number > 1 and "http/1.1" in x.connection.alpn_offered:
        x.tls.alpn = "http/1.1"


def misbehave(x):
    if x.number == 1:
        x.goaway_close("HTTP_1_1_REQUIRED", last=0)
