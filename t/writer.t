#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests checked writer calls and their errors, the ways to close a connection,
and HTTP/1-style calls."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import (Client, CONTINUATION, ENABLE_PUSH,       # noqa: E402
                       HEADERS, INITIAL_WINDOW_SIZE)
from server import SCRIPTS, Server, extended                    # noqa: E402

t = tap.Tap()
FIRST = (200, [("x-first", "1")])
SLOW = 3000000          # octets that the kernel queues for a client

# (case of scripts/checked.py, result, status and fields, DATA frames).
ALLOWED = [
    ("headers", None, (201, [
        ("x-upper", "v"), ("x-int", "5"), ("x-bytes", "\xff"),
        ("x-utf8", "\xc3\xa9")]), []),
    ("headers_status_in_list", None, (207, [("x-a", "1")]), []),
    ("headers_large", None, (200, [("x-large", "v" * 50000)]), []),
    ("headers_1xx", None, FIRST, []),
    ("data", None, FIRST, [b"text \xc3\xa9", b"bytes", b""]),
    ("data_file", None, FIRST, [b"from a file"]),
    ("data_split", None, FIRST, [b"s" * 16384, b"s" * 16384, b"s" * 7232]),
    ("data_frames", None, FIRST, [b"one", b"two"]),
    ("max_payload", 16384, FIRST, [b""]),
    ("end_stream", True, FIRST, [b""]),
    ("trailers", None, FIRST, [b"a"]),
    ("push", 2, FIRST, []),
    ("push_given_id", 10, FIRST, []),
]

# (case, exception, status and fields, error code of a reset).  A refused call
# sends nothing; the response after it is complete.
EMPTY = (200, [])
REFUSED = [
    ("refuse_data_first", "ProtocolError", EMPTY, None),
    ("refuse_headers_twice", "ProtocolError", FIRST, None),
    ("refuse_1xx_end", "ProtocolError", EMPTY, None),
    ("refuse_1xx_after", "ProtocolError", FIRST, None),
    ("refuse_crlf", "ProtocolError", EMPTY, None),
    ("refuse_nul", "ProtocolError", EMPTY, None),
    ("refuse_name", "ProtocolError", EMPTY, None),
    ("refuse_pseudo", "ProtocolError", EMPTY, None),
    ("refuse_after_end", "StreamClosedError", FIRST, None),
    ("refuse_headers_after_end", "StreamClosedError", FIRST, None),
    ("refuse_end_twice", "StreamClosedError", FIRST, None),
    ("refuse_after_reset", "StreamClosedError", (None, []), 8),
    ("refuse_other_stream", "NoSuchStreamError", EMPTY, None),
    ("refuse_frame_too_large", ("FlowControlError", "ProtocolError"), FIRST,
     None),
    ("refuse_push_missing", "ProtocolError", EMPTY, None),
    ("refuse_push_repeated", "ProtocolError", EMPTY, None),
    ("refuse_push_odd", "ProtocolError", EMPTY, None),
    ("refuse_push_used", "ProtocolError", EMPTY, None),
    ("refuse_push_below", "ProtocolError", EMPTY, None),
    ("refuse_push_no_status", "ProtocolError", EMPTY, None),
]

# (case of scripts/http1.py, status and fields, body).
HTTP1 = [
    ("calls", (201, [("x-one", "1"), ("x-two", "2")]), b"ab"),
    ("unsent", (204, [("x-one", "1")]), b""),
    ("content_first", (200, [("x-one", "1")]), b"no end_headers"),
    ("connection_fields", (200, [("x-kept", "1")]), b"kept"),
    ("literal", (202, [("x-lit", "1"), ("x-lit", "2")]), b"literal"),
    ("literal_raw", (404, [("x-raw", "1")]), b"body"),
    ("returns", (200, []), b"a"),
]

# (how, end of a TLS connection, whether GOAWAY comes first).
CLOSE = [("goaway", "close_notify", True), ("tls", "close_notify", False),
         ("fin", "fin", False), ("rst", "rst", False)]


def result(c, case):
    """Returns what scripts/checked.py recorded."""
    return json.loads(c.fetch(f"/note.py?wait=result+{case}").body or b'"none"')


def allowed(s):
    """Calls that are allowed do what they say."""
    for case, want, head, data in ALLOWED:
        with Client(s.port) as c:
            x = c.fetch(f"/checked.py?case={case}")
            t.eq((x.status, x.headers), head, f"{case}: status and fields")
            t.eq((x.data, x.ended or x.trailers), (data, True), f"{case}: DATA")
            t.eq(result(c, case), want, f"{case}: result")
            if case == "headers_large":
                kinds = [(f.type, f.flags, len(f.payload)) for f in x.frames]
                t.ok(len(kinds) > 2 and kinds[0][:2] == (HEADERS, 0x1)
                     and all(k[:2] == (CONTINUATION, 0) for k in kinds[1:-1])
                     and kinds[-1][:2] == (CONTINUATION, 0x4)
                     and all(k[2] == 16384 for k in kinds[:-1]),
                     f"{case}: split at 16,384", kinds)
            elif case == "headers_1xx":
                t.eq(x.informational, [(103, [("x-early", "1")])], case)
            elif case == "trailers":
                t.eq(x.trailers, [("x-sum", "1")], case)
            elif case.startswith("push"):
                pushed(c, x, want, case)
    with Client(s.port) as c:
        x = c.fetch("/checked.py?case=headers", method="HEAD")
        t.eq((x.status, len(x.frames), x.ended), (201, 1, True),
             "HEAD: HEADERS with END_STREAM, no more")
        x = c.fetch("/checked.py?case=headers_1xx", method="HEAD")
        t.eq((len(x.informational), x.headers, len(x.frames), x.ended),
             (1, [("x-first", "1")], 2, True), "HEAD: a 1xx does not end it")


def pushed(c, x, sid, case):
    """Tests a pushed stream, which was promised before the response."""
    t.eq([(i, dict(p)) for i, p in x.pushes], [(sid, {
        ":method": "GET", ":scheme": "https", ":path": "/pushed",
        ":authority": "localhost"})], f"{case}: promise")
    p = c.streams.get(sid)
    c.wait_for(lambda: p and p.done)
    want = {"push": ("1", b"pushed"), "push_given_id": ("2", b"by hand")}
    t.eq(p and (p.status, p.header("x-pushed"), p.body, p.ended),
         (200, *want[case], True), f"{case}: pushed response")


def refused(s):
    """Calls that raise have sent nothing."""
    for case, name, head, code in REFUSED:
        with Client(s.port) as c:
            x = c.fetch(f"/checked.py?case={case}")
            got = result(c, case)
            t.ok(got in (name if isinstance(name, tuple) else [name]),
                 f"{case}: {name}", f"got: {got}")
            t.eq((x.status, x.headers, x.body, x.trailers, x.reset),
                 (*head, b"", None, code), f"{case}: nothing was sent")
            t.eq(x.informational, [], f"{case}: nor before it")
    with Client(s.port, settings={ENABLE_PUSH: 0}) as c:
        x = c.fetch("/checked.py?case=refuse_push_disabled")
        t.eq((result(c, "refuse_push_disabled"), x.pushes, x.status),
             ("PushDisabledError", [], 200), "push that the client forbids")
    with Client(s.port, settings={INITIAL_WINDOW_SIZE: 100}) as c:
        x = c.fetch("/checked.py?case=refuse_frame_no_window")
        t.eq((result(c, "refuse_frame_no_window"), x.body, x.status),
             ("FlowControlError", b"", 200), "a frame beyond the window")
        c.fetch("/checked.py?case=max_payload")
        t.eq(result(c, "max_payload"), 100, "the window bounds the payload")


def http1(s):
    """The HTTP/1-style calls."""
    with Client(s.port) as c:
        for case, head, body in HTTP1:
            x = c.fetch(f"/http1.py?case={case}")
            t.eq(((x.status, x.headers), x.body, x.ended), (head, body, True),
                 f"HTTP/1 style: {case}")
        t.eq(json.loads(c.fetch("/note.py?wait=http1+returns").body),
             [True, False], "True, then False once the stream is gone")


def closing(s, tls):
    """The four ways to close, as TCP and TLS show them."""
    for how, end, away in CLOSE:
        with Client(s.port, tls=tls) as c:
            x = c.request(f"/close.py?how={how}")
            got = c.wait_end()
            name = f"close {how}, {'TLS' if tls else 'cleartext'}"
            if not tls and end == "close_notify":
                end = "fin"
            t.eq(got, end, f"{name}: {end}")
            t.eq(c.goaway is not None, away, f"{name}: GOAWAY or none")
            if how != "rst":
                t.ok(x.body == b"x" and c.fin, f"{name}: what was written "
                     "before it has come, and a FIN", x)
    t.ok(s.alive(), "the server goes on")
    with Client(s.port, tls=tls) as c:
        t.eq(c.fetch("/quick.py").body, b"quick", "and serves")


def closing_slowly(s):
    """A client that takes longer for its last response than a process may be
    silent gets all of it, and the end."""
    if not extended():
        return t.skip("a slow client", "without extensions it gets 5 s")
    with Client(s.port, receive_buffer=4096, connection_window=1 << 30,
                settings={INITIAL_WINDOW_SIZE: 1 << 30}, timeout=60) as c:
        x = c.request(f"/close.py?how=tls&size={SLOW}")
        for _ in range(3000):
            if not c.pump(1):
                break
            time.sleep(0.01)
        t.eq((c.wait_end(), len(x.body), c.fin), ("close_notify", SLOW, True),
             "close tls, a slow client: all has come")
    t.ok("--silence-limit" not in s.log(), "and its process was heard", s.log())


with Server(SCRIPTS) as server:
    allowed(server)
    refused(server)
    http1(server)
    closing(server, tls=True)
with Server(SCRIPTS, "--cleartext") as server:
    closing(server, tls=False)
with Server(SCRIPTS, "--silence-limit=1") as server:
    closing_slowly(server)
t.done()
