# SPDX-License-Identifier: MIT
"""MAX_HEADER_LIST_SIZE of 4 GiB

What the server sends
    MAX_HEADER_LIST_SIZE 2^32-1 in its first SETTINGS.

What a client must do
    "For any given request, a lower limit than what is advertised MAY be
    enforced." (RFC 9113 §6.5.2) The client sends its requests, without memory
    for fields that it does not have.

Why it matters
    CVE-2025-1948: Jetty allocated a buffer of the size that the peer had
    announced.
"""
from h2bad.case import D

section = "RFC 9113 §6.5.2"
kind = "must"
expect = D()


def connect(x):
    x.settings = [("MAX_HEADER_LIST_SIZE", 0xffffffff)]
