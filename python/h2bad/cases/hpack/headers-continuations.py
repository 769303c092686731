# SPDX-License-Identifier: MIT
"""A field block over seven CONTINUATION frames

What the server sends
    A response with 20 fields, in HEADERS and 7 CONTINUATION frames
    (`?n=100`: in 100, 1,000 at most).

What a client must do
    "Any number of CONTINUATION frames can be sent, as long as the preceding
    frame is on the same stream and is a HEADERS, PUSH_PROMISE, or
    CONTINUATION frame without the END_HEADERS flag set." (RFC 9113 §6.10)

Why it matters
    Clients have limited their number since CVE-2024-28182, curl, nghttp and
    Node to 8: more are not tried here.
"""
from h2bad.case import OK, block

section = "RFC 9113 §6.10"
kind = "must"
expect = OK()
params = {"n": "7"}


def misbehave(x):
    fields = [("x-field-%d" % i, "value-%d" % i) for i in range(20)]
    x.split_headers(block([(":status", "200"), *fields,
                           ("content-length", "13")]),
                    x.param_number("n", 0, 1000))
    x.later(x.data, "hello, world\n", end=True)
