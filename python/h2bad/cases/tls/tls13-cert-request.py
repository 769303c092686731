# SPDX-License-Identifier: MIT
"""A CertificateRequest after the handshake

What the server sends
    TLS 1.3, and a CertificateRequest once the request has come.

What a client must do
    "HTTP/2 clients MUST treat a TLS post-handshake CertificateRequest message
    as a connection error of type PROTOCOL_ERROR." (RFC 9113 §9.2.3)

Why it matters
    It is renegotiation by another name. It can only be sent to a client that
    offers post-handshake authentication.
"""
from h2bad.case import C, NotPossible

section = "RFC 9113 §9.2.3"
kind = "must"
expect = C("PROTOCOL_ERROR", close=True)
wave = 2


def misbehave(x):
    try:
        x.tls.request("client_certificate")
    except NotPossible as e:
        x.skip(str(e))
