# SPDX-License-Identifier: MIT
"""content-length twice, the same

What the server sends
    HEADERS with two fields `content-length: 5`, and five octets of DATA with
    END_STREAM.

What a client must do
    Two field lines with the same value mean the same as a list of two (RFC
    9110 §5.3), of which "a recipient of a Content-Length header field value
    consisting of the same decimal value repeated as a comma-separated list
    (e.g, "Content-Length: 42, 42") MAY either reject the message as invalid or
    replace that invalid field value with a single instance of the decimal
    value" (RFC 9110 §8.6). Which one is reported.

Why it matters
    Recipients that differ in this disagree on whether there is a response.
"""
from h2bad.case import M, OK

section = "RFC 9110 §8.6"
kind = "check"
expect = OK() | M()
wave = 2
security = "proxy"
content = b"hello"


def misbehave(x):
    length = ("content-length", "5")
    x.headers([(":status", "200"), length, length])
    x.data("hello", end=True)
