# SPDX-License-Identifier: MIT
"""Two trailer sections

What the server sends
    HEADERS with status 200, five octets of DATA, HEADERS with `x-a: b` without
    END_STREAM, and, if the stream is not reset, HEADERS with `x-b: c` and
    END_STREAM.

What a client must do
    "An endpoint that receives a HEADERS frame without the END_STREAM flag set
    after receiving the HEADERS frame that opens a request or after receiving a
    final (non-informational) status code MUST treat the corresponding request
    or response as malformed." (RFC 9113 §8.1) "Clients MUST NOT accept a
    malformed response." (RFC 9113 §8.1.1)

Why it matters
    A client in which each further HEADERS frame is trailers merges any number
    of them.
"""
from h2bad.case import M

section = "RFC 9113 §8.1"
kind = "must"
expect = M()


def misbehave(x):
    x.held([(":status", "200")])
    x.headers([("x-a", "b")])
    x.patience()
    if x.s not in x.resets:
        x.headers([("x-b", "c")], end=True)
