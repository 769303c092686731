# SPDX-License-Identifier: MIT
"""Fifty fields set-cookie

What the server sends
    HEADERS with fifty `set-cookie` fields of a hundred octets each, and the
    usual content.

What a client must do
    Keep all of them, apart from each other: "Since it cannot be combined into
    a single field value, recipients ought to handle "Set-Cookie" as a special
    case while processing fields." (RFC 9110 §5.3)

Why it matters
    Joined by commas, as other fields may be, most cookies are lost. Five
    thousand octets of fields are less than what every browser takes.
"""
from h2bad.case import BODY, OK

section = "RFC 9110 §5.3"
kind = "must"
expect = OK()
content = BODY


def misbehave(x):
    x.respond(fields=[("set-cookie", "h2bad-%02d=%s" % (i, "v" * 91))
                      for i in range(50)])
