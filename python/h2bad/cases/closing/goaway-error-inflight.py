# SPDX-License-Identifier: MIT
"""GOAWAY with an error and three requests

What the server sends
    To three requests: GOAWAY with the lowest of their streams and
    PROTOCOL_ERROR, and the end of the connection. Another connection is
    answered well.

What a client must do
    "If the receiver of the GOAWAY has sent data on streams with a higher
    stream identifier than what is indicated in the GOAWAY frame, those streams
    are not or will not be processed." (RFC 9113 §6.8) They may be sent again;
    of the lowest one nothing is known.

Why it matters
    Two kinds of requests end here at the same moment: a client that confuses
    them loses requests, or repeats one that was processed.
"""
from h2bad.case import R

section = "RFC 9113 §6.8"
kind = "must"
expect = R(hang=True)
wave = 2
needs = ("parallel:3",)


def misbehave(x):
    requests = x.need_requests(3)
    x.goaway_close("PROTOCOL_ERROR", min(each.stream for each in requests))
