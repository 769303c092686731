# SPDX-License-Identifier: MIT
"""Another name, the same certificate

What the server sends
    A certificate for both names of the server, which have the same address.

What a client must do
    "Connections that are made to an origin server [...] MAY be reused for
    requests with multiple different URI authority components." (RFC 9113
    §9.1.1)

Why it matters
    It saves handshakes; it also takes requests to servers that do not expect
    them.
"""
from h2bad.case import R

section = "RFC 9113 §9.1.1"
kind = "check"
expect = R()
needs = ("host2",)
wave = 2


def client_hello(x):
    x.tls.leaf([x.connection.sni or "localhost", "other.localhost"], 30)


def misbehave(x):
    x.answer(2, least=1, patience=1.0)


def judge(o):
    same = any("host2=1" in each.fields[":path"] and each.same
               for each in o.asked("/bad/" + o.case.name))
    return "info", "coalesced" if same else "own-connection", ""
