# SPDX-License-Identifier: MIT
"""Status 205 with content

What the server sends
    HEADERS with `:status: 205` and five octets of DATA. The stream stays open.

What a client must do
    "a server MUST NOT generate content in a 205 response" (RFC 9110 §15.3.6).
    The client may take it or reject it: 205 is not among the responses that
    have no content by definition (RFC 9110 §6.4.1). Which one is reported.

Why it matters
    HTTP/1.1 frames the content of 205 as that of 200, so that it can be
    forwarded safely.
"""
from h2bad.case import M, OK

section = "RFC 9110 §15.3.6"
kind = "check"
expect = M() | OK()


def misbehave(x):
    x.held([(":status", "205")])
