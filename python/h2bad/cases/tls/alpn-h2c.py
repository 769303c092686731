# SPDX-License-Identifier: MIT
"""h2c over TLS

What the server sends
    ALPN "h2c"; then HTTP/2.

What a client must do
    "The "h2c" protocol identifier MUST NOT be sent by a client or selected by
    a server; the "h2c" protocol identifier describes a protocol that does not
    use TLS." (RFC 9113 §3.2) h2 was not negotiated.

Why it matters
    A client that compares the first two letters takes it.
"""
from h2bad.case import Refuses

section = "RFC 9113 §3.2"
kind = "must"
expect = Refuses()
wave = 2
fence = None
finish = False


def client_hello(x):
    if not x.connection.alpn_offered:
        x.skip("the client offers no ALPN")
    x.tls.alpn = "h2c"
