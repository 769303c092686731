# SPDX-License-Identifier: MIT
"""An interim response with content-length

What the server sends
    HEADERS with `:status: 103` and `content-length: 10`; a little later
    HEADERS with status 200 without that field, and DATA of five octets with
    END_STREAM.

What a client must do
    "A client MUST be able to parse one or more 1xx responses received prior to
    a final response, even if the client does not expect one." (RFC 9110 §15.2)
    The field is for the response that has it. The server must not send it: "A
    server MUST NOT send a Content-Length header field in any response with a
    status code of 1xx (Informational) or 204 (No Content)." (RFC 9110 §8.6) So
    to reject the interim response as malformed is tolerated.

Why it matters
    A client that keeps the length for the final response rejects that one, or
    waits for five octets more.
"""
from h2bad.case import OK

section = "RFC 9110 §15.2"
kind = "must"
expect = OK()
content = b"hello"


def misbehave(x):
    x.headers([(":status", "103"), ("content-length", "10")])
    x.patience()
    if not x.abandoned():
        x.headers()
        x.data("hello", end=True)


def judge(o):
    # Who has rejected it may leave at once.
    if (o.goaway not in (None, "NO_ERROR") or o.stream in o.resets) and \
            not o.first.sent("DATA", o.stream):
        return "tolerated", "rejected", "the interim response was taken as " \
            "malformed: a server must not send this field (RFC 9110 §8.6)"
    return expect.judge(o)
