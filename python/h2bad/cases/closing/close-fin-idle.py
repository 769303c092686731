# SPDX-License-Identifier: MIT
"""The end of an idle connection without GOAWAY

What the server sends
    The response; when the next request has come, or none in a second,
    close_notify and FIN without GOAWAY. (Were the end not to wait, it would be
    chance whether it meets a request on its way.)

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
    x.complete()
    x.respond()
    x.next_request(1.0)
    x.close("tls")
