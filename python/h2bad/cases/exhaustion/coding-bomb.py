# SPDX-License-Identifier: MIT
"""A gigabyte in a megabyte

What the server sends
    A response with `content-encoding: gzip`: about one MiB, which becomes 1
    GiB of zeros.

What a client must do
    "Implementations SHOULD track the use of these features and set limits on
    their use. An endpoint MAY treat activity that is suspicious as a
    connection error of type ENHANCE_YOUR_CALM." (RFC 9113 §10.5) A client
    that takes all of it within its memory, and goes on, passes as well as one
    that ends the connection.

Why it matters
    A client that decodes into memory, or does not look at how much it has
    decoded, is ended by its system.
"""
import zlib

from h2bad.case import D

section = "RFC 9113 §10.5"
kind = "must"
expect = D()
wave = 2
wait = 5.0
flood = True


def misbehave(x):
    if "gzip" not in (x.request.get("accept-encoding") or ""):
        x.skip("the client does not accept gzip")
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    mega = bytes(1 << 20)
    once = coder.compress(mega) + coder.flush(zlib.Z_FULL_FLUSH)
    x.respond(body=b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + once * 1024,
              fields=[("content-encoding", "gzip")], end=False)
