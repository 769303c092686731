# SPDX-License-Identifier: MIT
"""RST_STREAM for one of four requests

What the server sends
    RST_STREAM with INTERNAL_ERROR for the second of four requests; the others
    are answered.

What a client must do
    "A stream error is an error related to a specific stream that does not
    affect processing of other streams." (RFC 9113 §5.4.2) The other three
    programs get their responses.

Why it matters
    A client that ends the connection for one reset lets a single bad page fail
    all of the others.
"""
from h2bad.case import OK

section = "RFC 9113 §5.4.2"
kind = "must"
expect = OK(response=False)
needs = ("parallel:4",)


def misbehave(x):
    requests = x.need_requests(4)
    x.rst("INTERNAL_ERROR", requests[1].stream)
    for each in requests[:1] + requests[2:]:
        x.good(each.stream)
