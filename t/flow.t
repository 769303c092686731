#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests flow control (RFC 9113 §5.2) from outside: large bodies in both
directions, small windows, and when credit comes back."""
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import (Client, DATA, INITIAL_WINDOW_SIZE,       # noqa: E402
                       MAX_FRAME_SIZE, WINDOW_UPDATE)
from server import SCRIPTS, Server                              # noqa: E402

t = tap.Tap()
TEN_MIB = 10 << 20
LONG = 120


def pattern(size):
    """Returns the content that scripts/big.py sends."""
    return b"".join(b"%07x\n" % i for i in range(size // 8 + 1))[:size]


def returned(c, sid):
    """Returns how many octets of credit the server has returned so far."""
    return sum(int.from_bytes(f.payload, "big") for f in c.frames
               if f.type == WINDOW_UPDATE and f.sid == sid)


def windows():
    """The connection's window is as large as a stream's,
    but at least 65,535."""
    for option, size in ((None, 262144), (65535, 65535), (10, 10),
                         (1 << 20, 1 << 20)):
        options = option and [f"--initial-window-size={option}"] or []
        with Server(SCRIPTS, *options) as s, Client(s.port) as c:
            c.ping()
            t.eq((c.settings[INITIAL_WINDOW_SIZE], 65535 + returned(c, 0)),
                 (size, max(size, 65535)),
                 f"windows of stream and connection with {option}")
            body = os.urandom(size)
            got = c.fetch("/body.py", body=body).body
            t.eq(json.loads(got)["length"], size, "an upload of that size")


def opened():
    """--initial-window-size 0: only a script opens the window of a stream, and
    what it opened is returned as credit."""
    with Server(SCRIPTS, "--initial-window-size=0") as s, Client(s.port) as c:
        c.ping()
        x = c.open("/window.py", "POST")
        y = c.open("/window.py?open=10", "POST")
        c.wait_for(lambda: y.credit)
        c.ping()
        t.eq((c.settings[INITIAL_WINDOW_SIZE], returned(c, 0), x.credit,
              y.credit), (0, 0, 0, 10), "a window of 0, and one that a script "
             "has opened")
        c.send_data(y.sid, b"0123456789")
        t.eq(c.wait_for(lambda: y.credit), 10, "... comes back when its "
             "content is read")
        c.send_data(y.sid, b"abc", end_stream=True)
        c.wait_for(lambda: y.done)
        t.eq(y.body, b"0123456789abc", "... and is used")


def uploads(s):
    """main receives 10 MiB whole."""
    body = os.urandom(TEN_MIB)
    want = {"length": TEN_MIB, "sha256": hashlib.sha256(body).hexdigest()}
    for length in ("", str(TEN_MIB)):
        headers = {"content-length": length} if length else {}
        with Client(s.port, timeout=LONG) as c:
            x = c.fetch("/body.py", headers=headers, body=body)
            t.eq(json.loads(x.body or b"0"), {**want, "content-length": length},
                 f"10 MiB upload, content-length {length or 'absent'}")
    with Client(s.port) as c:
        x = c.open("/body.py", "POST")
        for data in (b"\x07" + b"a" * 9 + bytes(7), b"\x00b"):
            c.send_frame(DATA, 0x8, x.sid, data)
        c.send_frame(DATA, 0x1, x.sid)
        c.wait_for(lambda: x.done)
        t.eq(json.loads(x.body or b'{"length":-1}')["length"], 10,
             "padding is not part of the body")


def responses(s):
    """Large responses into windows of several sizes."""
    want = pattern(TEN_MIB)
    for way in ("return", "write"):
        path = f"/big.py?size={TEN_MIB}&way={way}"
        with Client(s.port, timeout=LONG) as c:
            x = c.fetch(path)
            t.ok(x.body == want and x.ended,
                 f"10 MiB response ({way}) into windows of 65,535", x)
            t.ok(max(map(len, x.data)) <= 16384,
                 f"10 MiB response ({way}): no frame above 16,384")
    with Client(s.port, timeout=LONG, connection_window=1 << 24, settings={
            INITIAL_WINDOW_SIZE: 1 << 24, MAX_FRAME_SIZE: 1 << 20}) as c:
        x = c.fetch(f"/big.py?size={TEN_MIB}")
        t.ok(x.body == want, "10 MiB into large windows", x)
        t.ok(max(map(len, x.data)) <= 1 << 20, "no frame above the maximum")
    with Client(s.port, timeout=LONG, settings={INITIAL_WINDOW_SIZE: 1}) as c:
        x = c.fetch("/big.py?size=4096")
        t.ok(x.body == pattern(4096) and x.ended,
             "4 KiB response to an initial window of 1", x)
        t.eq(set(map(len, x.data)), {1}, "window of 1: an octet a frame")


def window_zero(s):
    """The server sends no DATA without window; SETTINGS may make
    a window negative."""
    with Client(s.port, auto_window=False, timeout=LONG,
                settings={INITIAL_WINDOW_SIZE: 0}) as c:
        x = c.request("/big.py?size=1000")
        c.wait_for(lambda: x.status)
        t.ok(c.ping() and x.body == b"" and not x.ended, "window of 0: HEADERS "
             "and no DATA", x)
        c.window_update(x.sid, 600)
        c.wait_for(lambda: len(x.body) >= 600)
        t.ok(c.ping() and len(x.body) == 600, "600 octets of window", x)
        c.window_update(x.sid, 1)
        c.window_update(x.sid, 399)
        c.wait_for(lambda: x.done)
        t.ok(x.body == pattern(1000) and x.ended, "the rest", x)
        x = c.request("/big.py?size=70000")
        c.window_update(x.sid, 70000)
        c.wait_for(lambda: len(x.body) >= 64535)
        t.ok(c.ping() and len(x.body) == 64535,
             "the connection's window binds too", x)
        c.window_update(0, 70000)
        c.wait_for(lambda: x.done)
        t.ok(x.body == pattern(70000) and x.ended, "and is given", x)
    with Client(s.port, auto_window=False, timeout=LONG,
                connection_window=1 << 20,
                settings={INITIAL_WINDOW_SIZE: 1000}) as c:
        x = c.request("/big.py?size=2000")
        c.wait_for(lambda: len(x.body) >= 1000)
        c.send_frame(4, 0, 0, b"\0\x04" + (0).to_bytes(4, "big"))
        c.window_update(x.sid, 1000)        # the window becomes 0, not 1,000
        t.ok(c.ping() and len(x.body) == 1000,
             "a smaller INITIAL_WINDOW_SIZE makes a window negative", x)
        c.window_update(x.sid, 1000)
        c.wait_for(lambda: x.done)
        t.ok(x.body == pattern(2000) and x.ended, "and credit makes it good", x)


def unread(s):
    """A stream whose script does not read delays no other stream."""
    with Client(s.port, timeout=LONG) as c:
        slow = c.open("/unread.py", "POST")
        for piece in [bytes(16384)] * 3 + [bytes(16383)]:
            c.send_data(slow.sid, piece)
        t.eq(c.fetch("/note.py?wait=unread+waits").body, b"true",
             "a script waits in handle_data")
        body = os.urandom(1 << 20)
        others = [c.request("/body.py", body=body) for _ in range(3)]
        c.wait_for(lambda: all(x.done for x in others))
        digest = hashlib.sha256(body).hexdigest()
        t.ok(all(x.ended and json.loads(x.body)["sha256"] == digest
                 for x in others), "uploads on other streams go on", others)
        t.ok(c.ping(), "and PING")
        t.eq(returned(c, slow.sid), 0,
             "no credit for the stream before its data is consumed")
        t.ok(returned(c, 0) >= 65535,
             "the connection's credit is returned on receipt",
             f"{returned(c, 0)} returned")
        c.fetch("/note.py?set=go")
        c.wait_for(lambda: returned(c, slow.sid) >= 32768)
        t.ok(0 < returned(c, slow.sid) <= 65535,
             "credit comes once the script goes on",
             f"{returned(c, slow.sid)} returned")
        c.send_data(slow.sid, b"end", end_stream=True)
        c.wait_for(lambda: slow.done)
        t.eq(json.loads(slow.body or b"0"),
             {"frames": 5, "octets": 65538, "went": True}, "nothing was lost")
        t.ok(c.credit <= 65535, "no more credit than was spent")


with Server(SCRIPTS) as server:
    uploads(server)
    responses(server)
    window_zero(server)
with Server(SCRIPTS, "--initial-window-size=65535") as server:
    unread(server)
windows()
opened()
t.done()
