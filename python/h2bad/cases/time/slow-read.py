# SPDX-License-Identifier: MIT
"""Content that is read slowly

What the server sends
    A request's content of 10,000,000 octets, for which there is credit at
    once, is read with ten pauses of 200 ms: TCP takes no more meanwhile.

What a client must do
    No rule: the client's patience is the result. "Endpoints MUST read and
    process HTTP/2 frames from the TCP receive buffer as soon as data is
    available." (RFC 9113 §5.2.2) binds the server; its network may be slow.

Why it matters
    A client that writes without a limit on what waits holds all of the
    content in memory; one that cannot read while it writes is stuck.
"""
from h2bad.case import OK

section = "none"
kind = "check"
expect = OK()
needs = ("post:10M",)
withholds = True


def connect(x):
    x.settings = [("INITIAL_WINDOW_SIZE", 20000000)]


def misbehave(x):
    x.window_update(20000000)
    for i in range(10):
        x.connection.pause_reading()
        x.sleep(0.2)
        x.connection.resume_reading()
        x.body(n=1000000 * i)
    x.need_body()
