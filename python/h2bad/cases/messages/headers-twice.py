# SPDX-License-Identifier: MIT
"""Two final header sections

What the server sends
    HEADERS with status 200 two times, both without END_STREAM. The stream
    stays open.

What a client must do
    "An endpoint that receives a HEADERS frame without the END_STREAM flag set
    after receiving the HEADERS frame that opens a request or after receiving a
    final (non-informational) status code MUST treat the corresponding request
    or response as malformed." (RFC 9113 §8.1) "Clients MUST NOT accept a
    malformed response." (RFC 9113 §8.1.1)

Why it matters
    A client that takes the second one changes the status and fields of a
    response that its program may already have seen.
"""
from h2bad.case import M

section = "RFC 9113 §8.1"
kind = "must"
expect = M()


def misbehave(x):
    x.headers()
    x.headers()
