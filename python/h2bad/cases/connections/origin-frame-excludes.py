# SPDX-License-Identifier: MIT
"""ORIGIN without the other name

What the server sends
    A certificate for both names, and an ORIGIN frame (RFC 8336) that has only
    the first.

What a client must do
    A client that knows ORIGIN makes a connection of its own for the other
    name: the frame tells which origins the connection might be used for (RFC
    8336 §2.3). Others may reuse this one.

Why it matters
    The frame is there so that 421 is not needed.
"""
from h2bad.case import octets, R, struct

section = "RFC 8336 §2.3"
kind = "check"
expect = R()
needs = ("host2",)
wave = 2


def client_hello(x):
    x.tls.leaf([x.connection.sni or "localhost", "other.localhost"], 30)


def begin(x):
    origin = octets("https://%s:%d" % (x.connection.sni,
                                       x.connection.server_port))
    x.frame("ORIGIN", payload=struct.pack(">H", len(origin)) + origin)


def misbehave(x):
    x.answer(2, least=1, patience=1.0)


def judge(o):
    same = any("host2=1" in each.fields[":path"] and each.same
               for each in o.asked("/bad/" + o.case.name))
    return "info", "coalesced" if same else "own-connection", ""
