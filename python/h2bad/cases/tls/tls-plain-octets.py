# SPDX-License-Identifier: MIT
"""HTTP/1.1 in the place of TLS

What the server sends
    An HTTP/1.1 response in plain text after the ClientHello, and FIN.

What a client must do
    Tell the program of an error: these octets are no TLS, and no response.

Why it matters
    It is how a port without TLS answers.
"""
from h2bad.case import Refuses

section = "RFC 9113 §9.2"
kind = "must"
expect = Refuses()
wave = 2
fence = None
finish = False


def client_hello(x):
    x.connection.writer.write_transport(
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    x.close("fin")
