# SPDX-License-Identifier: MIT
"""PING while an upload is blocked

What the server sends
    No credit for the request's content beyond 65,535 octets; PING once that is
    used up. Then credit, and the response.

What a client must do
    "PING responses SHOULD be given higher priority than any other frame." (RFC
    9113 §6.7) PING is not flow-controlled: the answer comes though the content
    cannot.

Why it matters
    A client whose writer waits for credit answers nothing meanwhile. Servers
    then close the connection as dead.
"""
from h2bad.case import OK

section = "RFC 9113 §6.7"
kind = "must"
expect = OK()
needs = ("post:100k",)
withholds = True
fence = "SETTINGS"


def misbehave(x):
    x.body(n=65535, timeout=2)
    if x.ended():
        x.skip("the content had ended before")
    x.ping(b"blocked!")
    x.need_pongs(b"blocked!")
    x.feed(65535)
