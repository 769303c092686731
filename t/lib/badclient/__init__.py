# SPDX-License-Identifier: MIT
r"""A small HTTP/2 client of our own, with which h2bad is tested.

One engine, whose checks are rows of a table (rules.py).  *good* keeps all of
them; *naive* keeps none, and so accepts everything.  A case of the catalogue
that cannot tell the two apart is a bug.  It shares no code with src/h2 and
needs the standard library only.

    H2BAD_CA=ca.pem H2BAD_PLAN='{"name": "x", "timeout_s": 10, "urls": [
        {"method": "GET", "url": "https://localhost:8444/"}]}' \
    python3 -B t/lib/badclient --mode good|naive|hang|crash

*hang* acknowledges nothing any more once it has sent a request, and never
ends; *crash* calls abort() on DATA; in the case `good` both are as good.

Some cases need options: --push; --table-size 1024 (hpack-size-update-missing);
--without request-fields, for a naive client that sends malformed requests too;
--without reset-isolated, for one that answers RST_STREAM and goes.

The plan's URLs are those of h2bad (python/h2bad/plan.py).  The exit status is
0 if the last of them that is no follow-up got a response, else 1.

    rules.py        what a client must not accept, and must not do: the table
    hpack.py        RFC 7541
    message.py      what is a well-formed response (RFC 9113 §8)
    push.py         ... and promised request (RFC 9113 §8.4)
    http2.py        one connection: frames, streams, flow control
    http1.py        HTTP/1.1, where the server selected it
    tunnel.py       WebSockets (RFC 8441) and CONNECT
    transport.py    TCP and TLS, without blocking
    exchange.py     one URL: redirects, retries, decoding of content
    client.py       connections, and which exchange goes on which
"""
