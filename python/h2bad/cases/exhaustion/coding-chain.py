# SPDX-License-Identifier: MIT
"""A thousand codings

What the server sends
    A response with `content-encoding: gzip, gzip, ...`, a thousand times.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    CVE-2026-22036: undici made a decoder for each.
"""
from h2bad.case import D

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2


def misbehave(x):
    x.respond(fields=[("content-encoding", ", ".join(["gzip"] * 1000))],
              end=False)
