# SPDX-License-Identifier: MIT
"""A redirection in the middle of an upload

What the server sends
    No credit; once the first octets of the content have come, 307 to another
    place with END_STREAM, and RST_STREAM with NO_ERROR; then
    credit for the connection.

What a client must do
    "Clients MUST NOT discard responses as a result of receiving such a
    RST_STREAM" (RFC 9113 §8.1). If the redirection is followed, it is by the
    same method and with the whole content (RFC 9110 §15.4.8).

Why it matters
    Clients that send content from a stream cannot go back to its beginning,
    and have sent the rest of it to the new place.
"""
from h2bad.case import OK, post_followed

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
needs = ("post:1M",)
withholds = True


def misbehave(x):
    x.body(n=1)
    with x.together():
        x.redirect(307)
        x.rst("NO_ERROR")
        x.window_update(1 << 20)


def judge(o):
    return post_followed(o, 1000000)
