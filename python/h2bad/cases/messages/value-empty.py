# SPDX-License-Identifier: MIT
"""An empty field value

What the server sends
    HEADERS with a field `x-a` whose value has no octets, and the usual
    content.

What a client must do
    Take it: the grammar of a field value is `*field-content`, which may be
    nothing (RFC 9110 §5.5).

Why it matters
    A client that takes an empty value for a missing one loses the field, or
    stops.
"""
from h2bad.case import BODY, OK

section = "RFC 9110 §5.5"
kind = "must"
expect = OK()
content = BODY


def misbehave(x):
    x.respond(fields=[("x-a", "")])
