# SPDX-License-Identifier: MIT
"""A field block of 16 MB, before the SETTINGS ack

What the server sends
    The same as flood-header-list before the server has acknowledged the
    SETTINGS of the client.

What a client must do
    "A client can discard responses that it cannot process. The field block
    MUST be processed to ensure a consistent connection state, unless the
    connection is closed." (RFC 9113 §10.5.1) A client that takes all of it
    within its memory, and goes on, passes as well as one that ends the
    connection.

Why it matters
    CVE-2026-54428: Apache HttpComponents had its limit in force only once its
    SETTINGS were acknowledged.
"""
from h2bad.case import D, field

section = "RFC 9113 §10.5.1"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def connect(x):
    x.automatic.discard("settings_ack")


def misbehave(x):
    x.large_block(b"\x88" + field("x-list", "a" * 4000, 0x10) * 4000)
    x.send_settings(ack=True)
    x.automatic.add("settings_ack")
