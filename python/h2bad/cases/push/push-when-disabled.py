# SPDX-License-Identifier: MIT
"""PUSH_PROMISE although push is disabled

What the server sends
    PUSH_PROMISE to a client that has sent ENABLE_PUSH with 0, behind the
    acknowledgement of that.

What a client must do
    "A client that has both set this parameter to 0 and had it acknowledged
    MUST treat the receipt of a PUSH_PROMISE frame as a connection error of
    type PROTOCOL_ERROR." (RFC 9113 §6.5.2)

Why it matters
    A client that disables push has often no code for it: what comes then was
    never tested.
"""
from h2bad.case import C

section = "RFC 9113 §6.5.2"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 1


def misbehave(x):
    if x.client_settings["ENABLE_PUSH"]:
        x.skip("push is enabled")
    x.push()
