# SPDX-License-Identifier: MIT
"""RST_STREAM behind END_STREAM

What the server sends
    A whole response, and at once RST_STREAM with NO_ERROR, though the request
    had come to its end.

What a client must do
    "An endpoint that sends a frame with the END_STREAM flag set or a
    RST_STREAM frame might receive a WINDOW_UPDATE or RST_STREAM frame from its
    peer in the time before the peer receives and processes the frame that
    closes the stream." (RFC 9113 §5.1) It may be ignored, or be a connection
    error.

Why it matters
    Servers do it that always reset what they have answered. A client that then
    drops the response cannot talk to them.
"""
from h2bad.case import C, I

section = "RFC 9113 §5.1"
kind = "check"
expect = I() | C("STREAM_CLOSED", "PROTOCOL_ERROR")


def misbehave(x):
    with x.together():
        x.respond()
        x.rst("NO_ERROR")
