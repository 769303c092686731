# SPDX-License-Identifier: MIT
"""More pushed streams than the client allows

What the server sends
    One promise more than the client's MAX_CONCURRENT_STREAMS, and HEADERS on
    all of these streams.

What a client must do
    "An endpoint that receives a HEADERS frame that causes its advertised
    concurrent stream limit to be exceeded MUST treat this as a stream error of
    type PROTOCOL_ERROR or REFUSED_STREAM." (RFC 9113 §5.1.2) It may refuse the
    promises at once.

Why it matters
    The limit is all that bounds what a server can make a client keep.
"""
from h2bad.case import S

section = "RFC 9113 §5.1.2"
kind = "should"
expect = S("PROTOCOL_ERROR", "REFUSED_STREAM")


def misbehave(x):
    x.need_push()
    limit = x.client_settings.get("MAX_CONCURRENT_STREAMS", 1 << 32)
    if limit > 1000:
        x.skip("the client allows more than 1,000 streams")
    streams = range(2, 2 * limit + 4, 2)
    with x.together():
        for each in streams:
            x.push(each, x.push_fields(path="/bad/pushed/%d" % each))
    x.passed()
    x.sleep(0.1)                # PING may be acknowledged first
    if x.resets:
        x.skip("the client refuses promises")
    x.s, s = streams[-1], x.s           # the one that is too many
    x.here()
    x.s = s
    with x.together():
        for each in streams:
            x.headers(stream=each)
