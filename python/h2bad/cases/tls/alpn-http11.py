# SPDX-License-Identifier: MIT
"""HTTP/1.1 is selected

What the server sends
    ALPN http/1.1, and an HTTP/1.1 response.

What a client must do
    "A client that makes a request to an "https" URI uses TLS with the ALPN
    extension." (RFC 9113 §3.2) "HTTP/2 connections over TLS MUST use protocol
    negotiation in TLS." (§3.3) Since another protocol was negotiated, no
    connection preface of HTTP/2 may come: HTTP/1.1, or an error.

Why it matters
    Clients keep what they know of a server, and speak HTTP/2 to it from
    memory.
"""
from h2bad.case import http1, OK

section = "RFC 9113 §3.3"
kind = "must"
expect = OK()
needs = ("h1",)
wave = 2
fence = None
finish = False


def client_hello(x):
    if "http/1.1" not in x.connection.alpn_offered:
        x.skip("the client does not offer http/1.1")
    x.tls.alpn = "http/1.1"


def connect(x):
    x.connection.engine_off()


def main(x):
    http1.serve(x)


def judge(o):
    if any(n["method"] == "PRI" for n in o.first.notes("http1")):
        return "fail", "accepted", "a preface of HTTP/2 came"
    return "pass", "", ""
