# SPDX-License-Identifier: MIT
"""A suite that HTTP/2 prohibits

What the server sends
    TLS 1.2 with AES128-SHA, which is in RFC 9113 Appendix A; then the
    response.

What a client must do
    "Endpoints MAY choose to generate a connection error of type
    INADEQUATE_SECURITY if one of the prohibited cipher suites is negotiated."
    (RFC 9113 §9.2.2) Both are conforming.

Why it matters
    A client that offers such a suite for HTTP/1.1 may be led to use it for
    HTTP/2.
"""
from h2bad.case import C, OK

section = "RFC 9113 §9.2.2"
kind = "check"
expect = C("INADEQUATE_SECURITY") | OK()
wave = 2


def client_hello(x):
    x.tls.max_version = "TLSv1.2"
    x.tls.ciphers = "AES128-SHA:@SECLEVEL=0"
    x.tls.leaf([x.connection.sni or "localhost"], 30, key="rsa")
