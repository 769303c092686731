# SPDX-License-Identifier: MIT
"""TLS 1.2

What the server sends
    TLS 1.2 with ECDHE-ECDSA-AES128-GCM-SHA256, which HTTP/2 allows; then the
    response.

What a client must do
    "Implementations of HTTP/2 MUST use TLS version 1.2 or higher for HTTP/2
    over TLS." (RFC 9113 §9.2) A client that offers TLS 1.2 and this suite has
    to be able to use them.

Why it matters
    Many servers have nothing newer.
"""
from h2bad.case import OK

section = "RFC 9113 §9.2"
kind = "must"
expect = OK()
wave = 2


def client_hello(x):
    if "TLSv1.2" not in x.connection.tls_versions_offered:
        x.skip("the client does not offer TLS 1.2")
    x.tls.max_version = "TLSv1.2"
    x.tls.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"
