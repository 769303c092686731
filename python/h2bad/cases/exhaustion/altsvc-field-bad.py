# SPDX-License-Identifier: MIT
"""An alt-svc field that cannot be read

What the server sends
    A response with `alt-svc: h3=":99999"; ma=-1, ;;`.

What a client must do
    Take the response: the field is advice. "Unknown parameters MUST be
    ignored." (RFC 7838 §3)

Why it matters
    A parser that throws here loses a good response.
"""
from h2bad.case import I

section = "RFC 7838 §3"
kind = "must"
expect = I()
wave = 2


def misbehave(x):
    x.respond(fields=[("alt-svc", 'h3=":99999"; ma=-1, ;;')], end=False)
