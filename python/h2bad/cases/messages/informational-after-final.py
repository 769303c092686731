# SPDX-License-Identifier: MIT
"""An interim response after the final one

What the server sends
    HEADERS with status 200, and HEADERS with `:status: 103`. The stream stays
    open.

What a client must do
    "An endpoint that receives a HEADERS frame without the END_STREAM flag set
    after receiving the HEADERS frame that opens a request or after receiving a
    final (non-informational) status code MUST treat the corresponding request
    or response as malformed." (RFC 9113 §8.1) "Clients MUST NOT accept a
    malformed response." (RFC 9113 §8.1.1)

Why it matters
    A client that looks at the status before the state of the response changes
    a response that it has delivered.
"""
from h2bad.case import M

section = "RFC 9113 §8.1"
kind = "must"
expect = M()


def misbehave(x):
    x.headers()
    x.headers([(":status", "103")])
