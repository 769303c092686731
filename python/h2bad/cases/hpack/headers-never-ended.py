# SPDX-License-Identifier: MIT
"""A field block that never ends

What the server sends
    HEADERS without END_HEADERS, and then nothing for three seconds; then
    CONTINUATION.

What a client must do
    No rule: the client's patience is the result. "An endpoint that doesn't
    monitor use of these features exposes itself to a risk of denial of
    service." (RFC 9113 §10.5)

Why it matters
    Nothing else can come on the connection meanwhile, so that all of the
    client's requests on it wait.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R(gives_up=True)
fence = None
wait = 3.0


def misbehave(x):
    x.headers(end_headers=False)
    x.patience()
    x.continuation()
