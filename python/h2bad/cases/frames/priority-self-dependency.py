# SPDX-License-Identifier: MIT
"""A stream that depends on itself

What the server sends
    PRIORITY on the request's stream that makes it depend on itself.

What a client must do
    RFC 7540 made this a stream error of type PROTOCOL_ERROR (§5.3.1 there);
    RFC 9113 §5.3.2 has dropped it with the priorities. A client can ignore it,
    or reset the stream.

Why it matters
    A tree of dependencies with a loop in it has hung programs.
"""
from h2bad.case import I, S

section = "RFC 9113 §5.3.2"
kind = "check"
expect = I() | S("PROTOCOL_ERROR")


def misbehave(x):
    x.priority(depends=x.s)
