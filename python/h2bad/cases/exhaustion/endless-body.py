# SPDX-License-Identifier: MIT
"""Content without end

What the server sends
    DATA frames as fast as the client gives credit, until 16 MiB have gone.

What a client must do
    Nothing is required: how much a client takes of a response whose length it
    does not know is its own decision.

Why it matters
    A client without a limit fills its disk or its memory.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R()
wave = 2
flood = True


def misbehave(x):
    x.headers()
    for _ in range(1024):
        if not x.has_credit(16384):
            return
        x.data(bytes(16384))
