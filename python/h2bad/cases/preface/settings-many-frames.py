# SPDX-License-Identifier: MIT
"""A hundred SETTINGS at once

What the server sends
    100 SETTINGS frames with INITIAL_WINDOW_SIZE from 65,536 to 65,635 in one
    piece, then the response.

What a client must do
    "SETTINGS frames are acknowledged in the order in which they are received."
    (RFC 9113 §6.5.3) So 100 acknowledgements come. A client that takes it for
    an attack may end the connection with ENHANCE_YOUR_CALM.

Why it matters
    A client with one flag for an acknowledgement that is due sends one; the
    server then waits for the others, or applies the wrong values.
"""
from h2bad.case import OK

section = "RFC 9113 §6.5.3"
kind = "must"
expect = OK()


def misbehave(x):
    with x.together():
        for i in range(1, 101):
            x.send_settings([("INITIAL_WINDOW_SIZE", 65535 + i)])
    x.need_acks()
