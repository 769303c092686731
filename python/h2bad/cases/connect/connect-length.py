# SPDX-License-Identifier: MIT
"""A length for a tunnel

What the server sends
    200 with `content-length: 5`; `?te=1`: with `transfer-encoding: chunked`.
    More than that goes through the tunnel.

What a client must do
    "A client MUST ignore any Content-Length or Transfer-Encoding header
    fields received in a successful response to CONNECT." (RFC 9110 §9.3.6)
    Transfer-Encoding is malformed in HTTP/2 (RFC 9113 §8.2.2), so that both
    conform for it.

Why it matters
    A tunnel that ends after five octets.
"""
from h2bad.case import I

section = "RFC 9110 §9.3.6"
kind = "must"
expect = I()
needs = ("connect",)
wave = 2


def misbehave(x):
    field = ("transfer-encoding", "chunked") if x.param("te") else \
        ("content-length", "5")
    x.headers([(":status", "200"), field])
    x.data("hello, world\n")
