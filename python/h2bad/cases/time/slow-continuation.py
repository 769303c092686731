# SPDX-License-Identifier: MIT
"""A field block in slow pieces

What the server sends
    HEADERS and 7 CONTINUATION frames, one each 250 ms; then the content.

What a client must do
    No rule: the client's patience is the result. Nothing else may come on
    the connection meanwhile: "Field blocks MUST be transmitted as a
    contiguous sequence of frames, with no interleaved frames of any other
    type or from any other stream." (RFC 9113 §4.3)

Why it matters
    All of the client's requests on the connection wait for this block.
"""
from h2bad.case import R, field

section = "none"
kind = "check"
expect = R(gives_up=True)
fence = None
wait = 0.1


def misbehave(x):
    automatic, x.automatic = set(x.automatic), ()
    x.headers(end_headers=False)
    for i in range(7):
        x.sleep(0.25)
        x.continuation(field("x-field-%d" % i, "1"), end_headers=i == 6)
    x.automatic = automatic
    x.data("hello")
