# SPDX-License-Identifier: MIT
"""A window that grows by SETTINGS

What the server sends
    INITIAL_WINDOW_SIZE 0 in the first SETTINGS, and 300,000 in another
    SETTINGS frame while the request's content waits. There is credit for
    the connection, but no WINDOW_UPDATE for the stream.

What a client must do
    "When the value of SETTINGS_INITIAL_WINDOW_SIZE changes, a receiver MUST
    adjust the size of all stream flow-control windows that it maintains by
    the difference between the new value and the old value." (RFC 9113
    §6.9.2)

Why it matters
    A client that does not look at streams that wait when SETTINGS come
    never goes on: this hang is common.
"""
from h2bad.case import OK

section = "RFC 9113 §6.9.2"
kind = "must"
expect = OK()
needs = ("post:200k",)
withholds = True


def connect(x):
    x.settings = [("INITIAL_WINDOW_SIZE", 0)]


def misbehave(x):
    x.window_update(200000)
    x.passed()
    x.send_settings([("INITIAL_WINDOW_SIZE", 300000)])
    x.need_body(timeout=3.0)
