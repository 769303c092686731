# SPDX-License-Identifier: MIT
"""content-length as a list of equal values

What the server sends
    HEADERS with `content-length: 5, 5`, and five octets of DATA with
    END_STREAM.

What a client must do
    Of such a list RFC 9110 §8.6 says that "a recipient of a Content-Length
    header field value consisting of the same decimal value repeated as a
    comma-separated list (e.g, "Content-Length: 42, 42") MAY either reject the
    message as invalid or replace that invalid field value with a single
    instance of the decimal value" (RFC 9110 §8.6). Which one is reported.

Why it matters
    A conversion that stops at the comma takes any list, also `5, 6`.
"""
from h2bad.case import M, OK

section = "RFC 9110 §8.6"
kind = "check"
expect = OK() | M()
wave = 2
security = "proxy"
content = b"hello"


def misbehave(x):
    x.headers([(":status", "200"), ("content-length", "5, 5")])
    x.data("hello", end=True)
