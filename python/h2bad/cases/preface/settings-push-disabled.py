# SPDX-License-Identifier: MIT
"""SETTINGS with ENABLE_PUSH 0

What the server sends
    ENABLE_PUSH with the value 0 in its first SETTINGS frame.

What a client must do
    "A server MAY choose to omit this setting when it sends a SETTINGS frame,
    but if a server does include a value, it MUST be 0." (RFC 9113 §6.5.2) So
    this one is legal.

Why it matters
    Some servers send all settings. A client that rejects ENABLE_PUSH from a
    server whatever its value fails with them.
"""
from h2bad.case import OK

section = "RFC 9113 §6.5.2"
kind = "must"
expect = OK()


def connect(x):
    x.settings = [("ENABLE_PUSH", 0)]
