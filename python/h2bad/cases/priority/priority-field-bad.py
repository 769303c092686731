# SPDX-License-Identifier: MIT
"""A priority field that cannot be meant

What the server sends
    A response with `priority: u=9, x=?2` (`?v=;;`: with another value).

What a client must do
    "Where the Dictionary is successfully parsed, this document places the
    additional requirement that unknown priority parameters, priority
    parameters with out-of-range values, or values of unexpected types MUST
    be ignored." (RFC 9218 §4) What cannot be parsed is ignored as well; it
    is no part of HTTP's framing.

Why it matters
    The field comes from applications. A client that refuses the response
    makes an advice into an error.
"""
from h2bad.case import I

section = "RFC 9218 §4"
kind = "must"
expect = I()
params = {"v": "u=9, x=?2"}


def misbehave(x):
    x.headers([(":status", "200"), ("priority", x.param("v"))])
