# SPDX-License-Identifier: MIT
"""A certificate that has expired

What the server sends
    A certificate of a trusted CA for the right name, which expired yesterday.

What a client must do
    "If the certificate is not valid for the target URI's origin, a user agent
    MUST either obtain confirmation from the user before proceeding (see
    Section 3.5) or terminate the connection with a bad certificate error.
    Automated clients [...] SHOULD terminate the connection (with a bad
    certificate error)." (RFC 9110 §4.3.4) A client that was told not to look,
    as by curl's -k, fails.

Why it matters
    Keys of old certificates are the ones that get lost.
"""
from h2bad.case import Refuses

section = "RFC 9110 §4.3.4"
kind = "must"
expect = Refuses()
wave = 2
security = "client"
fence = None
finish = False


def client_hello(x):
    x.tls.leaf([x.connection.sni or "localhost"], -1)
