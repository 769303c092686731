# SPDX-License-Identifier: MIT
"""Another name, not in the certificate

What the server sends
    A certificate for the first name alone; both names have the same address.

What a client must do
    "The certificate presented by the server MUST satisfy any checks that the
    client would perform when forming a new TLS connection for the host in the
    URI." (RFC 9113 §9.1.1) The request for the other name does not come on
    this connection.

Why it matters
    A server could answer for every name that leads to its address.
"""
from h2bad.case import OK

section = "RFC 9113 §9.1.1"
kind = "must"
expect = OK()
needs = ("host2",)
wave = 2
security = "client"


def client_hello(x):
    x.tls.leaf([x.connection.sni or "localhost"], 30)


def misbehave(x):
    x.answer(2, least=1, patience=1.0)


def judge(o):
    for each in o.asked("/bad/" + o.case.name):
        if "host2=1" in each.fields[":path"] and each.same:
            return "fail", "coalesced", "the other request came " \
                "on a connection whose certificate is not for it"
    return "pass", "", ""
