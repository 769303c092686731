# SPDX-License-Identifier: MIT
"""DATA behind the client's RST_STREAM

What the server sends
    HEADERS with a field name in upper case, for which the client resets the
    stream, and behind them at once as much DATA as its windows allow, 100,000
    octets at most. The next request is answered with a megabyte.

What a client must do
    "An endpoint MUST minimally process and then discard any frames it receives
    in this state." (RFC 9113 §5.1, closed) "A receiver that receives a
    flow-controlled frame MUST always account for its contribution against the
    connection flow-control window, unless the receiver treats this as a
    connection error." (§6.9) So the credit comes back, and the next response
    arrives. To end the connection for the name in upper case passes too.

Why it matters
    A client that forgets to return it has a smaller window after each
    cancelled request, and at last a connection on which nothing moves any
    more.
"""
from h2bad.case import M, OK

section = "RFC 9113 §5.1"
kind = "must"
expect = OK(response=False)
wave = 1


def misbehave(x):
    n = min(x.window(), 100000)
    with x.stays():
        with x.together():
            x.headers([(":status", "200"), ("X-Upper", "a")])
            for _ in range(n // 1000):
                x.data(bytes(1000))
        x.passed()
        if x.s not in x.resets:
            x.data(b"", end=True)
    request = x.need_next()
    x.headers(stream=request.stream)
    for _ in range(1000):
        if not x.need_window(1000, request.stream):
            return
        x.data(bytes(1000), request.stream)


def judge(o):
    # "unless the receiver treats this as a connection error": no other
    # response can show the credit then.
    if o.goaway not in (None, "NO_ERROR") and not o.good_streams:
        return M().judge(o)
    return expect.judge(o)
