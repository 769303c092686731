# SPDX-License-Identifier: MIT
"""A field name with a separator

What the server sends
    HEADERS with `:status: 200` and a field with the name `x(a)` (`?name=x/a`:
    with another separator), and five octets of DATA. The stream stays open.

What a client must do
    A field name is a token (RFC 9110 §5.1), which excludes separators. "HTTP/2
    implementations SHOULD validate field names and values according to their
    definitions in Sections [RFC9110] Section 5.1 and [RFC9110] Section 5.5 of
    [RFC9110], respectively, and treat messages that contain prohibited
    characters as malformed." (RFC 9113 §8.2.1) A client that takes it is
    tolerated.

Why it matters
    Recipients that know the grammar of tokens reject what others forward.
"""
from h2bad.case import M

section = "RFC 9113 §8.2.1"
kind = "should"
expect = M(should=True)
wave = 2
security = "proxy"
params = {"name": "x(a)"}


def misbehave(x):
    x.held([(":status", "200"), (x.param("name"), "b")])
