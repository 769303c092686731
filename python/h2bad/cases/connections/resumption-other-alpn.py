# SPDX-License-Identifier: MIT
"""Another protocol, the second time

What the server sends
    HTTP/2, ended by GOAWAY after a response; the second connection selects
    http/1.1.

What a client must do
    Speak what each handshake negotiates: ALPN is no part of a session that is
    resumed (RFC 7301 §3.1). "HTTP/2 connections over TLS MUST use protocol
    negotiation in TLS." (RFC 9113 §3.3)

Why it matters
    A client that keeps the protocol with the session sends a preface of
    HTTP/2 to a server of HTTP/1.1.
"""
from h2bad.case import http1, OK

section = "RFC 9113 §3.3"
kind = "must"
expect = OK()
needs = ("h1", "requests:2",)
wave = 2
every_connection = True
fence = None
finish = False


def client_hello(x):
    if x.number > 1 and "http/1.1" in x.connection.alpn_offered:
        x.tls.alpn = "http/1.1"


def connect(x):
    if x.connection.alpn_protocol == "http/1.1":
        x.connection.engine_off()


def main(x):
    if x.connection.alpn_protocol == "http/1.1":
        http1.serve(x)
        return
    request = x.next_request()
    if request is not None:
        x.respond(request.stream)
        x.send_goaway(last=request.stream)


def judge(o):
    for c in o.connections:
        if any(n["method"] == "PRI" for n in c.notes("http1")):
            return "fail", "accepted", "a preface of HTTP/2 came"
    if all(c.alpn != "http/1.1" for c in o.connections):
        return ("skip", "not-exercised", "no connection was made that "
                "offered http/1.1 after the first one")
    return "pass", "", ""
