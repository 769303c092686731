# SPDX-License-Identifier: MIT
"""The name that is asked for

What the server sends
    Nothing unusual: the server looks at the ClientHello.

What a client must do
    "If the server is identified by a domain name, clients MUST send the
    server_name TLS extension unless an alternative mechanism to indicate the
    target host is used." (RFC 9113 §9.2)

Why it matters
    Without it a server with several names cannot choose a certificate.
"""
from h2bad.case import L

section = "RFC 9113 §9.2"
kind = "must"
expect = L()
wave = 2


def client_hello(x):
    if x.connection.sni is None:
        x.fail("no-sni", "the ClientHello has no server_name")


def misbehave(x):
    host = (x.request.get(":authority") or "").partition(":")[0]
    if x.connection.sni not in (None, host):
        x.fail("wrong-sni", "server_name is %s, and the request is for %s"
               % (x.connection.sni, host))
