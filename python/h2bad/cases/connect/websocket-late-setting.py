# SPDX-License-Identifier: MIT
"""The setting for WebSockets comes late

What the server sends
    SETTINGS without ENABLE_CONNECT_PROTOCOL; 0.3 seconds later one with it.

What a client must do
    "Upon receipt of SETTINGS_ENABLE_CONNECT_PROTOCOL with a value of 1, a
    client MAY use the Extended CONNECT definition of this document when
    creating new streams." (RFC 8441 §3) Not before.

Why it matters
    A proxy learns late what the server behind it can do.
"""
from h2bad.case import L

section = "RFC 8441 §3"
kind = "must"
expect = L()
needs = ("websocket",)
wave = 2


def begin(x):
    x.sleep(0.3)
    x.send_settings([("ENABLE_CONNECT_PROTOCOL", 1)])


def misbehave(x):
    x.echo_once()


def judge(o):
    allowed = False
    for line in o.first.lines:
        if line["type"] == "SETTINGS" and line.get("dir") == "out" and \
                ["ENABLE_CONNECT_PROTOCOL", 1] in line.get("settings", ()):
            allowed = True
        if not allowed and line.get("dir") == "in" and any(
                f[0] == ":protocol" for f in line.get("fields", ())):
            return "fail", "exceeded", "a request with :protocol came before"
    return "pass", "", ""
