# SPDX-License-Identifier: MIT
"""GOAWAY after each request

What the server sends
    Each connection has one response, and GOAWAY with NO_ERROR in front of it.

What a client must do
    "Receivers of a GOAWAY frame MUST NOT open additional streams on the
    connection, although a new connection can be established for new streams."
    (RFC 9113 §6.8) Five requests need five connections, and all are answered.

Why it matters
    Servers that limit requests per connection do it, with a larger number.
"""
from h2bad.case import OK

section = "RFC 9113 §6.8"
kind = "must"
expect = OK()
needs = ("requests:5",)
wave = 2
every_connection = True


def misbehave(x):
    x.send_goaway()
    x.settle()      # the response lets the client go on
    x.respond()


def judge(o):
    paths = {each.fields[":path"] for each in o.asked("/bad/" + o.case.name)}
    if len(paths) < 5:
        return "fail", "lost", "%d of 5 requests came" % len(paths)
    if o.opened_late() is not None:
        return "fail", "new-stream", "stream %d was opened after GOAWAY" \
            % o.opened_late()
    return "pass", "", ""
