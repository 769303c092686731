# SPDX-License-Identifier: MIT
"""TLS 1.1

What the server sends
    A ServerHello that selects TLS 1.1.

What a client must do
    "Implementations of HTTP/2 MUST use TLS version 1.2 or higher for HTTP/2
    over TLS." (RFC 9113 §9.2) The handshake does not come to an end.

Why it matters
    A downgrade to old versions is where attacks on TLS begin.
"""
from h2bad.case import Refuses

section = "RFC 9113 §9.2"
kind = "must"
expect = Refuses()
wave = 2
fence = None
finish = False


def client_hello(x):
    x.tls.min_version = x.tls.max_version = "TLSv1.1"
    x.tls.ciphers = "DEFAULT:@SECLEVEL=0"
