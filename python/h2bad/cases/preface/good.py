# SPDX-License-Identifier: MIT
"""A good server

What the server sends
    SETTINGS, the acknowledgement of the client's, HEADERS with status 200, and
    DATA with END_STREAM: nothing unusual.

What a client must do
    Take the response, and go on with the connection.

Why it matters
    All other cases depend on this one: if it fails, they are skipped.
"""
from h2bad.case import OK

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
wave = 1


def misbehave(x):
    pass        # the response comes at the end, as in all cases
