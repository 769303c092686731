# SPDX-License-Identifier: MIT
"""A field value with a control character

What the server sends
    HEADERS with `:status: 200` and the field `x-a` with the value `a`, 0x01,
    `b` (`?octet=7f`: another one), and five octets of DATA. The stream stays
    open.

What a client must do
    "Field values containing other CTL characters are also invalid; however,
    recipients MAY retain such characters for the sake of robustness when they
    appear within a safe context" (RFC 9110 §5.5). Whether it is rejected or
    delivered is reported; both conform.

Why it matters
    Logs, terminals and line-based programs interpret such octets.
"""
from h2bad.case import M, OK

section = "RFC 9110 §5.5"
kind = "check"
expect = M() | OK()
params = {"octet": "01"}


def misbehave(x):
    value = b"a" + x.param_octet("octet") + b"b"
    x.held([(":status", "200"), ("x-a", value)])
