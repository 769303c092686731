# SPDX-License-Identifier: MIT
"""A coding that nobody knows

What the server sends
    A response with `content-encoding: bogus`.

What a client must do
    Nothing is required: a client may hand the content on as it is, or fail.

Why it matters
    What a client does decides whether its users see octets that they cannot
    read.
"""
from h2bad.case import R

section = "RFC 9110 §8.4"
kind = "check"
expect = R()
wave = 2


def misbehave(x):
    x.respond(fields=[("content-encoding", "bogus")], end=False)
