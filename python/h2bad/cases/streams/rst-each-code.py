# SPDX-License-Identifier: MIT
"""RST_STREAM with each error code

What the server sends
    To 13 requests, one after the other: RST_STREAM with the codes 0 to 12,
    before any HEADERS. (13 is rst-http11.) `?i=5`: with this one.

What a client must do
    "A stream error is an error related to a specific stream that does not
    affect processing of other streams." (RFC 9113 §5.4.2) The program gets an
    error, and the next request uses the same connection.

Why it matters
    What a client does with a code that it does not expect is often untested:
    it must neither end the connection nor wait for ever.
"""
import re

from h2bad.case import Incomplete

section = "RFC 9113 §5.4.2"
kind = "must"
expect = Incomplete(kept=True)
needs = ("requests:13",)


def misbehave(x):
    request, seen = x.request, set()
    while request is not None:
        if request.query in seen:   # sent again, as after REFUSED_STREAM
            x.respond(request.stream)
        else:
            code = re.search(r"\bi=([0-9]{1,9})", request.query)
            x.rst(int(code[1]) if code else 2, request.stream)
        seen.add(request.query)
        request = x.follows(x.request.path, 1.0)
