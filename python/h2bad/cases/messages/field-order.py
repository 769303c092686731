# SPDX-License-Identifier: MIT
"""Field lines of the same name apart from each other

What the server sends
    HEADERS with `x-list: a`, `x-list: b` and `x-list: c`, with other fields
    between them, and the usual content.

What a client must do
    Keep their order: "The order in which field lines with the same name are
    received is therefore significant to the interpretation of the field value;
    a proxy MUST NOT change the order of these field line values when
    forwarding a message." (RFC 9110 §5.3)

Why it matters
    A client that keeps fields in a table by name may keep the last line alone.
    What its program gets cannot be seen from here.
"""
from h2bad.case import BODY, OK

section = "RFC 9110 §5.3"
kind = "must"
expect = OK()
content = BODY


def misbehave(x):
    x.respond(fields=[("x-list", "a"), ("x-other", "1"), ("x-list", "b"),
                      ("x-more", "2"), ("x-list", "c")])
