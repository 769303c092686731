# SPDX-License-Identifier: MIT
"""GOAWAY before the fifth response of twenty

What the server sends
    Twenty requests are asked for, one after the other. GOAWAY with NO_ERROR
    comes before the fifth response; other connections are served well.

What a client must do
    "Receivers of a GOAWAY frame MUST NOT open additional streams on the
    connection, although a new connection can be established for new streams."
    (RFC 9113 §6.8) All twenty are answered, the rest of them on another
    connection.

Why it matters
    Servers restart in the middle of traffic: a client that does not move
    loses requests.
"""
from h2bad.case import OK

section = "RFC 9113 §6.8"
kind = "must"
expect = OK()
needs = ("requests:20",)
wave = 2


def misbehave(x):
    x.answer(4, least=4)
    last = x.need_requests(5)[-1].stream
    x.send_goaway(last=last)
    x.settle()      # the response lets the client go on
    x.respond(last)


def judge(o):
    paths = {each.fields[":path"] for each in o.asked("/bad/" + o.case.name)}
    if len(paths) < 20:
        return "fail", "lost", "%d of 20 requests came" % len(paths)
    if o.opened_late() is not None:
        return "fail", "new-stream", "stream %d was opened after GOAWAY" \
            % o.opened_late()
    return "pass", "", ""
