# SPDX-License-Identifier: MIT
"""close_notify in the middle of a response

What the server sends
    HEADERS with content-length 10, DATA with 5 octets, and close_notify; the
    TCP connection stays open.

What a client must do
    "An HTTP response is complete after the server sends -- or the client
    receives -- a frame with the END_STREAM flag set" (RFC 9113 §8.1). Without
    it the program is to get an error, or what another attempt brings.

Why it matters
    A client that takes what has come for all of it hands on half a file, and
    nobody notices. One that does not see the end of TLS waits for ever.
"""
from h2bad.case import Incomplete

section = "RFC 9113 §8.1"
kind = "must"
expect = Incomplete()
wave = 2


def misbehave(x):
    x.headers([(":status", "200"), ("content-length", "10")])
    x.data("hello")
    x.close("close_notify")
    x.sleep(3)
