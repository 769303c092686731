# SPDX-License-Identifier: MIT
"""Content without a header section

What the server sends
    Five octets of DATA on the request's stream, and no HEADERS before them.
    The stream stays open.

What a client must do
    "A response stream starts with zero or more interim responses in HEADERS
    frames, followed by a HEADERS frame containing a final status code." (RFC
    9113 §8.1) A message is malformed "due to the presence of extraneous
    frames" (RFC 9113 §8.1.1), and "Clients MUST NOT accept a malformed
    response." (RFC 9113 §8.1.1)

Why it matters
    Clients have delivered the content without a status, or have used a
    response that did not exist yet.
"""
from h2bad.case import M

section = "RFC 9113 §8.1"
kind = "must"
expect = M()
wave = 1


def misbehave(x):
    x.data("hello")
