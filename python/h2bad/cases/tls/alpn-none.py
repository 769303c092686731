# SPDX-License-Identifier: MIT
"""No ALPN in the answer

What the server sends
    A TLS handshake without ALPN, and SETTINGS: HTTP/2 without negotiation.

What a client must do
    "A client that makes a request to an "https" URI uses TLS with the ALPN
    extension." (RFC 9113 §3.2) "HTTP/2 connections over TLS MUST use protocol
    negotiation in TLS." (§3.3) The client has to speak HTTP/1.1, or to close.

Why it matters
    A server that knows nothing of ALPN never agreed to HTTP/2: a client that
    speaks it all the same sends a request that nobody can read.
"""
from h2bad.case import Refuses

section = "RFC 9113 §3.3"
kind = "must"
expect = Refuses()
wave = 2
fence = None
finish = False


def client_hello(x):
    x.tls.alpn = None
