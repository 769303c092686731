# SPDX-License-Identifier: MIT
"""RST_STREAM with NO_ERROR before any response

What the server sends
    RST_STREAM with NO_ERROR in the place of a response.

What a client must do
    "An HTTP response is complete after the server sends -- or the client
    receives -- a frame with the END_STREAM flag set" (RFC 9113 §8.1); only
    behind that has NO_ERROR its meaning. The program gets an error.

Why it matters
    A client that takes the name of the code for the result reports a success
    without a response, or waits for one for ever.
"""
from h2bad.case import Incomplete

section = "RFC 9113 §8.1"
kind = "must"
expect = Incomplete(kept=True)


def misbehave(x):
    x.rst("NO_ERROR")
