# SPDX-License-Identifier: MIT
"""MAX_HEADER_LIST_SIZE of 100

What the server sends
    MAX_HEADER_LIST_SIZE 100 in its first SETTINGS: less than any request has.

What a client must do
    "This advisory setting informs a peer of the maximum field section size
    that the sender is prepared to accept, in units of octets." (RFC 9113
    §6.5.2) The client may send its requests anyway, or fail them itself. The
    result says what became of the one after its acknowledgement.

Why it matters
    What the user of a client sees is an error of its own, or the server's
    status 431.
"""
from h2bad.case import R

section = "RFC 9113 §6.5.2"
kind = "check"
expect = R()


def connect(x):
    x.settings = [("MAX_HEADER_LIST_SIZE", 100)]


def judge(o):
    acked = min((line["t"] for line in o.first.lines
                 if line["type"] == "SETTINGS" and line["dir"] == "in"
                 and "ACK" in line["flags"]), default=float("inf"))
    if any(line["t"] >= acked for line in o.first.requests()):
        return "info", "sent-anyway", "a request that is too long was sent"
    return "info", "none-sent", "no request was sent after SETTINGS"
