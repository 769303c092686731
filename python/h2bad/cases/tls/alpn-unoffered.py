# SPDX-License-Identifier: MIT
"""A protocol that was not offered

What the server sends
    ALPN "foo", which the client has not offered; then HTTP/2.

What a client must do
    End the handshake, or at least not speak HTTP/2: a server has to select
    from the list (RFC 7301 §3.2). What a client does with another answer is
    its own matter.

Why it matters
    TLS libraries differ in who looks at the answer: the library, or nobody.
"""
from h2bad.case import Refuses

section = "RFC 7301 §3.2"
kind = "check"
expect = Refuses()
wave = 2
fence = None
finish = False


def client_hello(x):
    if not x.connection.alpn_offered:
        x.skip("the client offers no ALPN")
    x.tls.alpn = "foo"
