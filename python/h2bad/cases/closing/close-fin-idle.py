# SPDX-License-Identifier: MIT
"""The end of an idle connection without GOAWAY

What the server sends
    The response; once a PING behind it was acknowledged, or the next request
    has come, close_notify and FIN without GOAWAY.

What a client must do
    "Servers are encouraged to maintain open connections for as long as
    possible but are permitted to terminate idle connections if necessary."
    (RFC 9113 §9.1) The next request comes on another connection.

Why it matters
    Many servers end idle connections so. Clients that find out too late fail
    the first request after a pause.
"""
from h2bad.case import Moves

section = "RFC 9113 §9.1"
kind = "must"
expect = Moves()
wave = 2


def misbehave(x):
    x.last_stream = x.s             # a request that comes now is too late
    x.respond()
    x.complete()
    n = x.send_fence()
    while x.fences < n and len(x.requests) == 1 and \
            x.next_frame(2.0) is not None:
        pass
    x.close("tls")
