# SPDX-License-Identifier: MIT
"""No streams, ever

What the server sends
    MAX_CONCURRENT_STREAMS 0 in its first SETTINGS. A request that was on the
    way is answered; after 3 seconds the connection is closed.

What a client must do
    "A zero value does prevent the creation of new streams; however, this can
    also happen for any limit that is exhausted with active streams." (RFC 9113
    §6.5.2) It binds the client once it has acknowledged it. Whether it waits,
    opens another connection or fails the request is its own choice.

Why it matters
    A queue for which no time limit runs holds the client's user for ever.
"""
from h2bad.case import no_streams, R

section = "RFC 9113 §5.1.2"
kind = "must"
expect = R()
finish = False


def connect(x):
    x.settings = [("MAX_CONCURRENT_STREAMS", 0)]


def begin(x):
    no_streams(x, 3)
    x.close()
