# SPDX-License-Identifier: MIT
"""PING of another length than 8

What the server sends
    A PING frame with 7 octets of payload (`?n=9`: with 9).

What a client must do
    "Receipt of a PING frame with a length field value other than 8 MUST be
    treated as a connection error (Section 5.4.1) of type FRAME_SIZE_ERROR."
    (RFC 9113 §6.7)

Why it matters
    A client that takes it reads beyond the frame, or acknowledges octets that
    were never sent.
"""
from h2bad.case import C

section = "RFC 9113 §6.7"
kind = "must"
expect = C("FRAME_SIZE_ERROR")
wave = 1
params = {"n": "7"}


def misbehave(x):
    n = x.param_number("n", 0, 16384)
    if n == 8:
        x.skip("n has to be another length than 8")
    x.ping(bytes(n))
