# SPDX-License-Identifier: MIT
"""HEADERS of exactly MAX_FRAME_SIZE

What the server sends
    HEADERS with status 200 and fields of about 1,000 octets each, in a frame
    of exactly the client's MAX_FRAME_SIZE.

What a client must do
    "The size of a frame payload is limited by the maximum size that a receiver
    advertises in the SETTINGS_MAX_FRAME_SIZE setting." (RFC 9113 §4.2) What
    does not exceed it is taken. Whether the fields are too many is another
    matter: the case is left out for a client whose MAX_HEADER_LIST_SIZE says
    so, and for frames of more than 64 KiB.

Why it matters
    Buffers that are too small by the nine octets of the header, or by one, are
    found so.
"""
from h2bad.case import OK

section = "RFC 9113 §4.2"
kind = "must"
expect = OK()


def misbehave(x):
    n = x.client_settings["MAX_FRAME_SIZE"]
    allowed = x.client_settings.get("MAX_HEADER_LIST_SIZE", n * 2)
    if n > 65536 or allowed < n + n // 20:      # 32 octets for each field
        x.skip("so many fields would be too many for the client")
    x.long_headers(n)
