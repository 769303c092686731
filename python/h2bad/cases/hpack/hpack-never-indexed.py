# SPDX-License-Identifier: MIT
"""Fields that are never indexed

What the server sends
    A response whose fields, content-length among them, are never-indexed
    literals, with and without an index for the name.

What a client must do
    "A literal header field never-indexed representation results in
    appending a header field to the decoded header list without altering the
    dynamic table." (RFC 7541 §6.2.3)

Why it matters
    Servers send cookies in this form. A decoder that takes its four bits
    for another form has a wrong table from then on.
"""
from h2bad.case import OK, field, integer, string

section = "RFC 7541 §6.2.3"
kind = "must"
expect = OK()


def misbehave(x):
    x.headers(block=b"\x88" + field("x-secret", "a", 0x10)
              + integer(28, 4, 0x10) + string("13"))    # content-length
    x.later(x.data, "hello, world\n", end=True)
