# SPDX-License-Identifier: MIT
r"""A small HTTP/2 client with which selfclient.t tests h2bad.

It has one engine, whose checks are rows of a table (rules.py).  The mode
*good* keeps all rules; *naive* keeps almost none, and so accepts everything.
A case of the catalogue that cannot tell the two apart is a bug.  The client
shares no code with src/h2 and needs only the standard library.

    H2BAD_CA=ca.pem H2BAD_PLAN='{"name": "x", "timeout_s": 10, "urls": [
        {"method": "GET", "url": "https://localhost:8444/"}]}' \
    python3 -B t/lib/badclient --mode good|naive|hang|crash

*hang* does nothing more once it has sent a request, and never ends; *crash*
calls abort() on DATA.  In the case `good` both do what *good* does.

Some cases need options: --push; --table-size 1024 (hpack-size-update-missing);
--without request-fields, for a naive client that sends malformed requests too;
--without reset-isolated, for one that answers RST_STREAM and then leaves.

The plan is one of h2bad (python/h2bad/plan.py).  The exit status is 0 if its
last URL that is no follow-up got a response, else 1.

    rules.py        the table of what a client must not accept and must not do
    hpack.py        RFC 7541
    message.py      checks of a response (RFC 9113 §8)
    push.py         checks of a promised request (RFC 9113 §8.4)
    http2.py        one connection: frames, streams, flow control
    http1.py        HTTP/1.1, if the server selected it
    tunnel.py       WebSockets (RFC 8441) and CONNECT
    transport.py    TCP and TLS, without blocking
    exchange.py     one URL: redirects, retries, decoding of content
    client.py       connections, and the choice of one for each exchange
"""
