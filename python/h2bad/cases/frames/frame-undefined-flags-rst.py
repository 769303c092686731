# SPDX-License-Identifier: MIT
"""RST_STREAM with flags, none of which has a meaning

What the server sends
    To two requests in parallel, RST_STREAM with CANCEL and all flags on the
    second one's stream, and then the response to the first one.

What a client must do
    "Unused flags MUST be ignored on receipt and MUST be left unset (0x00) when
    sending." (RFC 9113 §4.1)

Why it matters
    Flags can be given a meaning later. A client that rejects them loses both
    requests; one that ignores such a frame waits for a response that never
    comes.
"""
from h2bad.case import I

section = "RFC 9113 §4.1"
kind = "must"
expect = I(response=False)
needs = ("parallel:2",)


def misbehave(x):
    other = x.need_requests(2)[1].stream
    x.good(x.s)
    x.rst(stream=other, flags=0xff)
