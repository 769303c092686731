# SPDX-License-Identifier: MIT
"""The answer to a PING that was not sent

What the server sends
    PING with the ACK flag; the client has sent no such PING.

What a client must do
    "An endpoint MUST NOT respond to PING frames containing this flag." (RFC
    9113 §6.7) A client can ignore it, or end the connection with
    PROTOCOL_ERROR, as some do.

Why it matters
    Two peers that answer answers do nothing else any more.
"""
from h2bad.case import C, I

section = "RFC 9113 §6.7"
kind = "must"
expect = I() | C("PROTOCOL_ERROR")
fence = "SETTINGS"


def misbehave(x):
    x.ping(b"unasked!", ack=True)
    x.passed()
    for _ in range(100):        # among PINGs of its own
        answer = x.wait("PING", timeout=0.1)
        if answer is None or answer.data == b"unasked!":
            break
    if answer is not None and answer.data == b"unasked!":
        x.fail("exceeded", "the answer was answered")
