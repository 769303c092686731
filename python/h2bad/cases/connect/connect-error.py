# SPDX-License-Identifier: MIT
"""The tunnel breaks

What the server sends
    200, then RST_STREAM with CONNECT_ERROR.

What a client must do
    "A TCP connection error is signaled with RST_STREAM." (RFC 9113 §8.5) The
    program is told; the connection is kept.

Why it matters
    It is the only way in which a proxy can tell of it.
"""
from h2bad.case import Incomplete

section = "RFC 9113 §8.5"
kind = "must"
expect = Incomplete(kept=True)
needs = ("connect",)
wave = 2


def misbehave(x):
    x.headers()
    x.rst("CONNECT_ERROR")
