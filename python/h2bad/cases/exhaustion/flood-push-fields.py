# SPDX-License-Identifier: MIT
"""A promise of 10,000 fields

What the server sends
    PUSH_PROMISE and CONTINUATION frames with 10,000 fields.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    CVE-2024-2398: curl gave such a promise up, and never freed what it had of
    it.
"""
from h2bad.case import block, D, field

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
needs = ("push",)
wave = 2
wait = 5.0


def misbehave(x):
    if not x.client_settings["ENABLE_PUSH"]:
        x.skip("the client does not allow pushes")
    fields = block(x.push_fields()) + b"".join(
        field("x-%d" % i, "1", 0x10) for i in range(10000))
    x.push(block=fields[:16000], end_headers=False)
    for at in range(16000, len(fields), 16000):
        x.continuation(fields[at:at + 16000],
                       end_headers=at + 16000 >= len(fields))
