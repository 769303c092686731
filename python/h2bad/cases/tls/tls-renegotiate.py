# SPDX-License-Identifier: MIT
"""Renegotiation

What the server sends
    TLS 1.2, and a HelloRequest once the request has come.

What a client must do
    "An endpoint MUST treat a TLS renegotiation as a connection error of type
    PROTOCOL_ERROR." (RFC 9113 §9.2.1) A client that refuses by an alert, and
    goes on, is tolerated: its TLS library never asks it.

Why it matters
    Renegotiation in the middle of streams leaves open which requests the new
    certificate is for.
"""
from h2bad.case import C, NotPossible

section = "RFC 9113 §9.2.1"
kind = "must"
expect = C("PROTOCOL_ERROR")
wave = 2


def client_hello(x):
    if "TLSv1.2" not in x.connection.tls_versions_offered:
        x.skip("the client does not offer TLS 1.2")
    x.tls.max_version = "TLSv1.2"


def misbehave(x):
    # OpenSSL, on either side, does not begin while it has octets to read.
    x.passed()
    x.here("nothing is under way")
    try:
        x.tls.request("renegotiation")
    except NotPossible as e:
        x.skip(str(e))
    x.sleep(0.2)


def judge(o):
    refused = "alert" in o.first.end().get("order", ())
    if o.first.alpn is None and not refused:
        return ("skip", "not-exercised", "the client and the server have no "
                "cipher suite of TLS 1.2 in common")
    made = o.case.expect.judge(o)
    if made.verdict == "fail" and refused:
        return "tolerated", "refused", "an alert, and then it went on"
    return made
