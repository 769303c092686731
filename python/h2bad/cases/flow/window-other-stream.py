# SPDX-License-Identifier: MIT
"""An upload beside one that waits

What the server sends
    Of two requests with content in parallel, the first one gets no credit
    for its stream, and the second one all that it needs; then the first one
    too.

What a client must do
    "A flow-control scheme ensures that streams on the same connection do
    not destructively interfere with each other." (RFC 9113 §5.2)

Why it matters
    A client with one queue for all content stops at the first part that it
    cannot send, and all its uploads hang behind one.
"""
from h2bad.case import OK

section = "RFC 9113 §5.2"
kind = "must"
expect = OK()
needs = ("parallel:2", "post:100k")
withholds = True


def misbehave(x):
    other = x.need_requests(2)[1].stream
    x.window_update(1000000)
    x.feed(20000, [other])
    x.respond(other)
    x.feed(20000)
