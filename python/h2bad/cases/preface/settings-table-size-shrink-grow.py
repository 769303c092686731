# SPDX-License-Identifier: MIT
"""HEADER_TABLE_SIZE to 0, and back

What the server sends
    Between the first request and the next ones, SETTINGS with
    HEADER_TABLE_SIZE 0, and SETTINGS with 4,096.

What a client must do
    "In the case that this size is changed more than once in this interval, the
    smallest maximum table size that occurs in that interval MUST be signaled
    in a dynamic table size update." (RFC 7541 §4.2) So the next request begins
    with an update to 0, and uses no entry from before, if there was any.

Why it matters
    The commonest fault of HPACK encoders: they look at the last value only.
    The server then decodes wrong fields, or ends the connection.
"""
from h2bad.case import L

section = "RFC 7541 §4.2"
kind = "must"
expect = L()
needs = ("requests:3",)
wave = 1


def misbehave(x):
    x.send_settings([("HEADER_TABLE_SIZE", 0)])
    x.send_settings([("HEADER_TABLE_SIZE", 4096)])
    x.need_acks()
    x.answer(3, least=len(x.requests) + 1)
