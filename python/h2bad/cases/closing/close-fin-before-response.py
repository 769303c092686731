# SPDX-License-Identifier: MIT
"""The end of the connection before the response

What the server sends
    close_notify and FIN in the place of the response to a GET. Another
    connection is answered well.

What a client must do
    "If the TCP connection is closed or reset while streams remain in the
    "open" or "half-closed" states, then the affected streams cannot be
    automatically retried (see Section 8.7 for details)." (RFC 9113 §5.4.3)
    "For example, if a client sends a PUT request and the underlying connection
    is closed before any response is received, then the client can establish a
    new connection and retry the idempotent request." (RFC 9110 §9.2.2) Or the
    program gets an error.

Why it matters
    CVE-2025-23085: Node lost memory with each connection that ended so. And
    whether a client retries decides how often its users see an error.
"""
from h2bad.case import R

section = "RFC 9113 §5.4.3"
kind = "must"
expect = R(hang=True)
wave = 2


def misbehave(x):
    x.close("tls")
