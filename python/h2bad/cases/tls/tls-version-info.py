# SPDX-License-Identifier: MIT
"""What the client offers

What the server sends
    Nothing unusual: the server looks at the ClientHello.

What a client must do
    Nothing is required beyond TLS 1.2: "Implementations of HTTP/2 MUST use
    TLS version 1.2 or higher" (RFC 9113 §9.2).

Why it matters
    It tells what a client can be made to use.
"""
from h2bad.case import R

section = "RFC 9113 §9.2"
kind = "check"
expect = R()
wave = 2


def client_hello(x):
    c = x.connection
    x.info("offers", "%s; ALPN %s" % (
        ", ".join(c.tls_versions_offered), ", ".join(c.alpn_offered)
        or "none"))
