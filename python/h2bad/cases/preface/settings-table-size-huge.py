# SPDX-License-Identifier: MIT
"""HEADER_TABLE_SIZE of 4 GiB

What the server sends
    SETTINGS with HEADER_TABLE_SIZE 2^32-1; then 200 requests, whose targets
    differ, are answered.

What a client must do
    "The encoder can select any size equal to or less than this value by using
    signaling specific to the compression format inside a field block (see
    [RFC7541])." (RFC 9113 §6.5.2) A client that keeps a bound of its own does
    well.

Why it matters
    CVE-2026-93492: Netty's encoder kept every field that it had ever sent.
"""
from h2bad.case import D

section = "RFC 9113 §6.5.2"
kind = "must"
expect = D()
needs = ("requests:200",)
timeout = 20.0


def misbehave(x):
    x.send_settings([("HEADER_TABLE_SIZE", 0xffffffff)])
    x.need_acks()
    x.answer(200, least=2)
