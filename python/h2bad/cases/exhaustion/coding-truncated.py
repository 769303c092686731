# SPDX-License-Identifier: MIT
"""Half of a gzip file

What the server sends
    A response with `content-encoding: gzip` that ends in the middle of the
    coded content, by END_STREAM.

What a client must do
    A client that decodes the content has to notice: "If one or more encodings
    have been applied to a representation, the sender that applied the
    encodings MUST generate a Content-Encoding header field that lists the
    content codings in the order in which they were applied." (RFC 9110 §8.4)
    What arrives is no such content.

Why it matters
    Half of a page, or of a program, is taken for all of it. Only the client's
    program can tell whether it was.
"""
import gzip

from h2bad.case import BODY, M

section = "RFC 9110 §8.4"
kind = "should"
expect = M()
wave = 2


def misbehave(x):
    if "gzip" not in (x.request.get("accept-encoding") or ""):
        x.skip("the client does not accept gzip")
    coded = gzip.compress(BODY * 100, mtime=0)
    x.respond(body=coded[:len(coded) // 2],
              fields=[("content-encoding", "gzip")])


def judge(o):
    if o.got is None:
        return "tolerated", "not-visible", "only the program can tell"
    if o.retries or o.got.get("result") == "error":
        return "pass", "", ""
    return "fail", "accepted", "the program got a whole response"
