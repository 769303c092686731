# SPDX-License-Identifier: MIT
"""A :status below 100 or above 599

What the server sends
    HEADERS with `:status: 000` (`?v=099` and `?v=600`: others that are out of
    range), and five octets of DATA. The stream stays open.

What a client must do
    "All valid status codes are within the range of 100 to 599, inclusive."
    (RFC 9110 §15) A client may reject it as invalid (RFC 9113 §8.3), or
    deliver it: "A client that receives a response with an invalid status code
    SHOULD process the response as if it had a 5xx (Server Error) status code."
    (RFC 9110 §15)

Why it matters
    Many programs take status 0 to mean that no response has come.
"""
from h2bad.case import M, OK

section = "RFC 9110 §15"
kind = "check"
expect = M() | OK()
params = {"v": "000"}


def misbehave(x):
    x.held([(":status", x.param("v"))])
