# SPDX-License-Identifier: MIT
"""content-length beyond 64 bits

What the server sends
    HEADERS with `content-length: 18446744073709551621`, which is 2^64 + 5
    (`?n=9223372036854775813`: 2^63 + 5), and five octets of DATA with
    END_STREAM.

What a client must do
    "a recipient MUST anticipate potentially large decimal numerals and prevent
    parsing errors due to integer conversion overflows or precision loss due to
    integer conversion" (RFC 9110 §8.6). The content is shorter than that, so
    the response is malformed, and "Clients MUST NOT accept a malformed
    response." (RFC 9113 §8.1.1)

Why it matters
    A conversion that wraps around finds that the length is 5 and that all is
    well, while another recipient waits for the rest.
"""
from h2bad.case import M

section = "RFC 9110 §8.6"
kind = "must"
expect = M()
wave = 2
security = "proxy"
params = {"n": "18446744073709551621"}


def misbehave(x):
    x.headers([(":status", "200"), ("content-length", x.param("n"))])
    x.data("hello", end=True)
