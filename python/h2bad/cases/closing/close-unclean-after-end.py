# SPDX-License-Identifier: MIT
"""A whole response, and FIN without close_notify

What the server sends
    The response with END_STREAM, and at once FIN without close_notify.

What a client must do
    "An HTTP response is complete after the server sends -- or the client
    receives -- a frame with the END_STREAM flag set" (RFC 9113 §8.1). Its
    content does not end with the connection, so that nothing can have been cut
    off.

Why it matters
    Servers that crash or are killed end so. It is no reason to throw away a
    response that is whole.
"""
from h2bad.case import Delivered

section = "RFC 9113 §8.1"
kind = "must"
expect = Delivered()
wave = 2


def misbehave(x):
    x.complete()
    with x.together():
        x.respond()
    x.close("fin")
