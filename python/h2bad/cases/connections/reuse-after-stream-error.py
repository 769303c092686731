# SPDX-License-Identifier: MIT
"""The connection after a stream error

What the server sends
    RST_STREAM with INTERNAL_ERROR on the stream of the request.

What a client must do
    A stream error concerns its stream alone: "A stream error is an error
    related to a specific stream that does not affect processing of other
    streams." (RFC 9113 §5.4.2) "Clients SHOULD NOT open more than one HTTP/2
    connection to a given host and port pair, where the host is derived from a
    URI, a selected alternative service, or a configured proxy." (RFC 9113
    §9.1)

Why it matters
    A client that gives the connection up makes one failed request the failure
    of all others on it.
"""
from h2bad.case import R

section = "RFC 9113 §5.4.2"
kind = "should"
expect = R()
wave = 2


def misbehave(x):
    x.rst("INTERNAL_ERROR")


def judge(o):
    if o.follow_up == "same-connection":
        return "pass", "", ""
    if o.follow_up is None:
        return "tolerated", "no-follow-up", "no further request came"
    if not o.moved:
        return "tolerated", "no-follow-up", "no further request came in time"
    return "tolerated", "new-connection", "the next request came on another"
