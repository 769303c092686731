# SPDX-License-Identifier: MIT
"""HEADER_TABLE_SIZE to 100

What the server sends
    Two requests, the first of which is answered with a cookie; then SETTINGS
    with HEADER_TABLE_SIZE 100, and the other responses.

What a client must do
    "Once an endpoint acknowledges a change to SETTINGS_HEADER_TABLE_SIZE that
    reduces the maximum below the current size of the dynamic table, its HPACK
    encoder MUST start the next field block with a Dynamic Table Size Update
    instruction that sets the dynamic table to a size that is less than or
    equal to the reduced maximum; see [RFC7541] Section 4.2." (RFC 9113 §4.3.1)
    Entries that do not fit are gone.

Why it matters
    A client that keeps entries which the server has evicted sends the index of
    a field that is another one, or none.
"""
from h2bad.case import L

section = "RFC 9113 §4.3.1"
kind = "must"
expect = L()
needs = ("requests:4",)


def misbehave(x):
    x.respond(fields=[("set-cookie", "h2bad=" + "c" * 100)])
    x.need_requests(2)
    x.send_settings([("HEADER_TABLE_SIZE", 100)])
    x.need_acks()
    x.answer(4, least=len(x.requests) + 1)
