# SPDX-License-Identifier: MIT
"""Nothing at all

What the server sends
    Nothing after the TLS handshake, for 3 seconds; then the end of TLS and
    TCP.

What a client must do
    No rule says how long a client has to wait for the server's preface, nor
    whether its request can be on the way meanwhile (RFC 9113 §3.4). The result
    says what it did.

Why it matters
    How long a client waits for a server that accepts connections, and hangs,
    is what its users wait.
"""
from h2bad.case import R

section = "RFC 9113 §3.4"
kind = "check"
expect = R()
fence = None
finish = False


def connect(x):
    x.settings = None
    x.automatic -= {"settings_ack"}


def begin(x):
    x.sleep(3)
    x.close("tls")


def judge(o):
    early = "a request" if o.first.requests() else "no request"
    end = o.first.end()
    if end.get("by") == "client":
        return "info", "gave-up", "%s was sent; it gave up after %.1f s" % (
            early, end["seconds"])
    return "info", "patient", "%s was sent; it had not given up after 3 s" \
        % early
