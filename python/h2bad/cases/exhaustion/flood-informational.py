# SPDX-License-Identifier: MIT
"""103 without end

What the server sends
    HEADERS with `:status: 103` and 1,000 octets of fields, again and again;
    then the response. It stops after 64 MiB, 30,000 frames or 3 seconds.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    CVE-2023-38039: curl bounded the fields of one response, and informational
    ones came in any number.
"""
from h2bad.case import block, D, frame

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0


def misbehave(x):
    x.flood(frame("HEADERS", "END_HEADERS", x.s, block(
        [(":status", "103"), ("link", "</%s>; rel=preload" % ("a" * 961))])))
