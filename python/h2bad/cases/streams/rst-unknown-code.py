# SPDX-License-Identifier: MIT
"""RST_STREAM with an unknown error code

What the server sends
    RST_STREAM with the code 0xdeadbeef, before any HEADERS.

What a client must do
    "Unknown or unsupported error codes MUST NOT trigger any special behavior.
    These MAY be treated by an implementation as being equivalent to
    INTERNAL_ERROR." (RFC 9113 §7) "A stream error is an error related to a
    specific stream that does not affect processing of other streams." (RFC
    9113 §5.4.2) The program gets an error, and the next request uses the same
    connection.

Why it matters
    A table of names with an index out of its range is what such a code finds.
"""
from h2bad.case import Incomplete

section = "RFC 9113 §7"
kind = "must"
expect = Incomplete(kept=True)


def misbehave(x):
    x.rst(0xdeadbeef)
