# SPDX-License-Identifier: MIT
"""Fields in trailers that have no place there

What the server sends
    A good response with five octets of DATA, and trailers with
    `content-length: 9`, `host: other.example` and `set-cookie: late=1`.

What a client must do
    "A recipient MUST NOT merge a trailer field into a header section unless
    the recipient understands the corresponding header field definition and
    that definition explicitly permits and defines how trailer field values can
    be safely merged." (RFC 9110 §6.5.1) To ignore the fields and to reject the
    response both conform; which one is reported.

Why it matters
    Merged into the headers they change the length of a response that has been
    sent, or set a cookie that a filter of headers has not seen.
"""
from h2bad.case import M, OK

section = "RFC 9110 §6.5.1"
kind = "check"
expect = OK() | M()
content = b"hello"


def misbehave(x):
    x.held([(":status", "200")])
    x.headers([("content-length", "9"), ("host", "other.example"),
               ("set-cookie", "late=1")], end=True)
