# SPDX-License-Identifier: MIT
"""Ten empty SETTINGS

What the server sends
    Ten SETTINGS frames without entries, then the response.

What a client must do
    "Once all values have been processed, the recipient MUST immediately emit a
    SETTINGS frame with the ACK flag set." (RFC 9113 §6.5.3) So ten
    acknowledgements come.

Why it matters
    A server that counts on the acknowledgement of the wrong frame applies its
    limits too early; one that waits for a missing one ends the connection with
    SETTINGS_TIMEOUT.
"""
from h2bad.case import OK

section = "RFC 9113 §6.5.3"
kind = "must"
expect = OK()
wave = 1


def misbehave(x):
    for _ in range(10):
        x.send_settings()
    x.need_acks()
