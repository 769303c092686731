# SPDX-License-Identifier: MIT
"""HTTP/1.1 is selected, HTTP/2 spoken

What the server sends
    ALPN http/1.1, and then SETTINGS as if it were HTTP/2.

What a client must do
    "A client that makes a request to an "https" URI uses TLS with the ALPN
    extension." (RFC 9113 §3.2) "HTTP/2 connections over TLS MUST use protocol
    negotiation in TLS." (§3.3) What was negotiated holds: no connection
    preface of HTTP/2 may come.

Why it matters
    A client that goes by what it reads, and not by what was agreed on, can be
    led to another parser.
"""
from h2bad.case import Refuses

section = "RFC 9113 §3.3"
kind = "must"
expect = Refuses()
needs = ("h1",)
wave = 2
fence = None
finish = False


def client_hello(x):
    if "http/1.1" not in x.connection.alpn_offered:
        x.skip("the client does not offer http/1.1")
    x.tls.alpn = "http/1.1"


def connect(x):
    x.settings = ()
