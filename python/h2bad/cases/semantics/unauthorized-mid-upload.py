# SPDX-License-Identifier: MIT
"""401 in the middle of an upload

What the server sends
    No credit; once the first octets of the content have come, 401 with content
    and END_STREAM, and RST_STREAM with NO_ERROR; then credit for
    the connection.

What a client must do
    "Clients MUST NOT discard responses as a result of receiving such a
    RST_STREAM" (RFC 9113 §8.1).

Why it matters
    The user is told of a broken connection in the place of a password that is
    wanted. Clients that are busy writing look at the RST_STREAM first.
"""
from h2bad.case import OK

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
needs = ("post:1M",)
content = b"who are you?"
withholds = True


def misbehave(x):
    x.body(n=1)
    with x.together():
        x.headers([(":status", "401"),
                   ("www-authenticate", 'Basic realm="h2bad"')])
        x.data(content, end=True)
        x.rst("NO_ERROR")
    x.passed()                      # what came before it had no credit
    x.window_update(1 << 20)
