# SPDX-License-Identifier: MIT
"""A whole response before the upload's end

What the server sends
    A whole response as soon as the HEADERS of an upload of a megabyte have
    come; credit for the rest goes on.

What a client must do
    "A server can send a complete response prior to the client sending an
    entire request if the response does not depend on any portion of the
    request that has not been sent and received." (RFC 9113 §8.1) The client
    takes it; it may finish the upload.

Why it matters
    Servers that answer without looking at the content do this with each
    upload. Clients fail that read the response only when they have sent all.
"""
from h2bad.case import OK

section = "RFC 9113 §8.1"
kind = "must"
expect = OK()
needs = ("post:1M",)


def misbehave(x):
    x.respond()
