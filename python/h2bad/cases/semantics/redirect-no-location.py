# SPDX-License-Identifier: MIT
"""A redirection without location

What the server sends
    302 without `location`, and the usual content.

What a client must do
    "If a Location header field (Section 10.2.2) is provided, the user agent
    MAY automatically redirect its request" (RFC 9110 §15.4). Without one the
    response is delivered as it is, or is an error; which one is reported.

Why it matters
    A client that expects the field follows a redirection to nowhere: to its
    own URL, for ever, or by way of a null pointer.
"""
from h2bad.case import BODY, OK

section = "RFC 9110 §15.4"
kind = "check"
expect = OK()
content = BODY


def misbehave(x):
    x.respond(status=302)
