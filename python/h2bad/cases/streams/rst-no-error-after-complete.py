# SPDX-License-Identifier: MIT
"""A whole response, then RST_STREAM with NO_ERROR

What the server sends
    While the client uploads a megabyte: HEADERS with status 413, DATA with
    END_STREAM, and RST_STREAM with NO_ERROR; then credit for the connection.

What a client must do
    "Clients MUST NOT discard responses as a result of receiving such a
    RST_STREAM, though clients can always discard responses at their discretion
    for other reasons." (RFC 9113 §8.1) The upload stops: "After receiving a
    RST_STREAM on a stream, the receiver MUST NOT send additional frames for
    that stream, except for PRIORITY." (§6.4)

Why it matters
    It is how a server says that a file is too large. Clients that take it for
    an error show "connection reset" in the place of the reason.
"""
from h2bad.case import OK

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
wave = 1
needs = ("post:1M",)
withholds = True


def misbehave(x):
    x.body(n=1)
    x.window_update(1 << 20, x.s)
    with x.together():
        x.respond(status=413)
        x.rst("NO_ERROR")
        x.window_update(1 << 20)
    x.passed()
    x.passed()          # the first acknowledgement may overtake DATA
    before = x.received()
    if x.passed() and x.received() > before:
        x.fail("exceeded", "DATA came though RST_STREAM had been read")
