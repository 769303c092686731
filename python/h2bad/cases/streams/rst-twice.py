# SPDX-License-Identifier: MIT
"""RST_STREAM twice

What the server sends
    RST_STREAM with CANCEL twice on the request's stream.

What a client must do
    "Normally, an endpoint SHOULD NOT send more than one RST_STREAM frame for
    any stream." (RFC 9113 §5.4.2) The client may ignore the second one, or
    treat it as a connection error of type STREAM_CLOSED (§5.1).

Why it matters
    The second one finds a stream that the first one has removed.
"""
from h2bad.case import C, I

section = "RFC 9113 §5.4.2"
kind = "check"
expect = I(response=False) | C("STREAM_CLOSED", "PROTOCOL_ERROR")


def misbehave(x):
    x.rst()
    x.rst()
