# SPDX-License-Identifier: MIT
"""GOAWAY while the request is being processed

What the server sends
    GOAWAY with the request's stream and NO_ERROR, and the response 300 ms
    later.

What a client must do
    "Activity on streams numbered lower than or equal to the last stream
    identifier might still complete successfully." (RFC 9113 §6.8) "Receivers
    of a GOAWAY frame MUST NOT open additional streams on the connection,
    although a new connection can be established for new streams." (RFC 9113
    §6.8)

Why it matters
    A client that gives the request up, or sends it again, does the work twice
    whenever a server is restarted.
"""
from h2bad.case import Moves

section = "RFC 9113 §6.8"
kind = "must"
expect = Moves()
wave = 2


def misbehave(x):
    x.send_goaway()
    x.sleep(0.3)
