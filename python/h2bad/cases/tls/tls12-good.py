# SPDX-License-Identifier: MIT
"""TLS 1.2

What the server sends
    TLS 1.2 with TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, and a certificate with
    an RSA key; then the response.

What a client must do
    "To avoid this problem, which causes TLS handshake failures, deployments of
    HTTP/2 that use TLS 1.2 MUST support TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    [RFC5289] with the P-256 elliptic curve [RFC8422]." (RFC 9113 §9.2.2)
    Clients that do not offer TLS 1.2 are left out.

Why it matters
    Many servers have nothing newer.
"""
from h2bad.case import OK

section = "RFC 9113 §9.2.2"
kind = "must"
expect = OK()
wave = 2


def client_hello(x):
    if "TLSv1.2" not in x.connection.tls_versions_offered:
        x.skip("the client does not offer TLS 1.2")
    x.tls.max_version = "TLSv1.2"
    x.tls.ciphers = "ECDHE-RSA-AES128-GCM-SHA256"
    x.tls.leaf([x.connection.sni or "localhost"], 30, key="rsa")
