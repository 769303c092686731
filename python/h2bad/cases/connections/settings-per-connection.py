# SPDX-License-Identifier: MIT
"""Limits of a connection that has ended

What the server sends
    MAX_CONCURRENT_STREAMS 1 on the first connection, which ends by GOAWAY
    after one response; on the next one it is 100.

What a client must do
    SETTINGS are of a connection: "Settings are not negotiated; they describe
    characteristics of the sending peer, which are used by the receiving
    peer." (RFC 9113 §6.5) What is left comes at once on the next connection.

Why it matters
    A limit that stays when its connection has gone makes a client slow for
    ever.
"""
from h2bad.case import OK

section = "RFC 9113 §6.5"
kind = "must"
expect = OK()
needs = ("parallel:5",)
wave = 2
every_connection = True


def connect(x):
    x.settings = [("MAX_CONCURRENT_STREAMS", 1 if x.number == 1 else 100)]


def misbehave(x):
    if x.number == 1:
        x.respond()
        x.send_goaway()
        x.passed()
        return
    x.sleep(0.5)
    if len(x.requests) == 1 and x.number == 2:
        x.found("tolerated", "one-by-one", "one request came at a time")
    x.answer(4, least=1, patience=1.0)


def judge(o):
    paths = {each.fields[":path"] for each in o.asked("/bad/" + o.case.name)}
    if len(paths) < 5:
        return "fail", "lost", "%d of 5 requests came" % len(paths)
    return "pass", "", ""
