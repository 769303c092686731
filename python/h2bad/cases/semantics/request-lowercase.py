# SPDX-License-Identifier: MIT
"""Names and pseudo-header fields of the request

What the server sends
    A good response. It is the request that is looked at: its names, the order
    and number of its pseudo-header fields, and `host`.

What a client must do
    "Field names MUST be converted to lowercase when constructing an HTTP/2
    message." (RFC 9113 §8.2) "All pseudo-header fields MUST appear in a field
    block before all regular field lines." (RFC 9113 §8.3) "Clients MUST NOT
    generate a request with a Host header field that differs from the
    ":authority" pseudo-header field." (RFC 9113 §8.3.1)

Why it matters
    Servers reject such requests as malformed; where they do not, two of them
    disagree on which host was asked.
"""
from h2bad.case import L

section = "RFC 9113 §8.3.1"
kind = "must"
expect = L()


def misbehave(x):
    names = [name for name, _ in x.request.fields]
    pseudo = [name for name in names if name.startswith(":")]
    authority = x.request.get(":authority")
    for wrong, text in (
            (any(name != name.lower() for name in names),
             "a field name is not in lower case"),
            (names[:len(pseudo)] != pseudo,
             "a pseudo-header field comes after a regular field"),
            (len(set(pseudo)) < len(pseudo),
             "a pseudo-header field is repeated"),
            (not {":method", ":scheme", ":path"} <= set(pseudo),
             "a mandatory pseudo-header field is missing"),
            (authority and x.request.get("host") not in (None, authority),
             "host differs from :authority")):
        if wrong:
            x.fail("exceeded", text)
