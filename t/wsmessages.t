#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests WebSockets over HTTP/2 (RFC 8441): frames and messages in both
directions, compression, and how a WebSocket ends."""
import json
import os
import re
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402
from wsclient import (BINARY, CLOSE, CLOSED, DEFLATE, PING,     # noqa: E402
                      PONG, TEXT, WS, Socket, close, close_frame, frame,
                      frames, note)

t = tap.Tap()


# ---- messages

def messages(s):
    """Text, binary, sizes, and ways to split messages."""
    with Client(s.port) as c:
        w = Socket(c, "/echo")
        w.send(frame(TEXT, "h\u00e9llo".encode()))
        w.send(frame(BINARY, b"\0\xff"), frame(TEXT), frame(BINARY))
        t.eq(w.get(4), [(0x81, "h\u00e9llo".encode()), (0x82, b"\0\xff"),
                        (0x81, b""), (0x82, b"")], "each kind comes back")
        for size in (125, 126, 65535, 65536, 200000):
            w = Socket(c, "/echo")
            octets = frame(BINARY, bytes(range(256)) * (size // 256)
                           + bytes(size % 256))
            w.send(*(octets[i:i + 16384]
                     for i in range(0, len(octets), 16384)))
            t.eq([(f[0], len(f[1]), zlib.crc32(f[1])) for f in w.get(1)],
                 [(0x82, size, zlib.crc32(bytes(range(256)) * (size // 256)
                                          + bytes(size % 256)))],
                 f"{size} octets")
        w = Socket(c, "/echo")
        w.send(*(bytes([o]) for o in frame(TEXT, "\u20ac".encode()
                                           + b"x" * 200)))
        t.eq(w.get(1), [(0x81, "\u20ac".encode() + b"x" * 200)],
             "an octet in each DATA frame")
        w.send(b"", frame(TEXT, b"a", fin=False) + frame(PING, b"p")
               + frame(0, "\u20ac".encode()[:1], fin=False),
               frame(0, "\u20ac".encode()[1:]) + frame(TEXT, b"b"))
        t.eq(w.get(4)[1:], [(0x8a, b"p"), (0x81, "a\u20ac".encode()),
                            (0x81, b"b")],
             "fragments, a Ping among them, are one message")
        w.send(frame(TEXT, b"Goodbye"))
        t.eq(w.get(5)[4:], [CLOSED], "the handler's return closes")
        w.send(close(1000))
        c.wait_for(lambda: w.x.done)
        t.eq((w.x.ended, w.x.reset), (True, None),
             "END_STREAM when the client has answered")
        t.eq(c.fetch("/quick.py", body=b"beside").body, b"beside",
             "requests on the same connection go on")


def sent(s):
    """What handlers can send."""
    with Client(s.port) as c:
        w = Socket(c, "/frames?fragments")
        t.eq(w.get(6), [(0x01, b"one "), (0x89, b"between"), (0x00, b"two "),
                        (0x80, b"three"), (0x02, b"\0"), (0x80, b"\xff")]
             + [CLOSED] * (len(frames(w.x.body)) - 6), "fragments")
        w = Socket(c, "/frames?mixed")
        t.eq(w.get(2)[:2], [(0x01, b"text"), (0x80, b" refused")],
             "text and binary do not mix")
        w = Socket(c, "/frames?kinds")
        t.eq(w.get(3)[:3], [(0x81, b"refused"), (0x81, b"octets as text"),
                            (0x81, b"not UTF-8: \xff")],
             "bytes as text go as they are; text is not binary")
        w = Socket(c, "/frames?raw")
        t.eq(w.get(7)[:7], [
            (0xf1, b"abc"), (0x01, b"t\xc3\xa9"), (0x89, b"p"), (0x8a, b"q"),
            (0x80, b"z" * 126), (0x82, b"y" * 65536),
            (0x88, b"\x0b\xb8by hand")], "frames made by hand")
        w = Socket(c, "/frames?pongs")
        t.eq(w.get(3), [(0x89, b"1"), (0x89, b"2"), (0x89, b"3")], "Pings")
        w.send(frame(PONG, b"2") + frame(PONG, b"unasked")
               + frame(TEXT, b"go"))
        t.eq(w.get(4)[3], (0x81, b"2,unasked"), "on_pong_handler")
        w = Socket(c, "/frames?pings")
        w.send(frame(PING, b"x"), frame(BINARY, b"end"))
        t.eq(w.get(3)[:3], [(0x81, b"pinged x"), (0x8a, b"another"),
                            (0x81, b"2")],
             "on_ping_handler; the last opcode received")
        w = Socket(c, "/imports")
        t.eq(w.get(1)[0], (0x81, b"True s3pPLMBiTxaQ9kYGzzhZRbK+xOo= 1001 9 "
                           b"True True True True 01 ff permessage-deflate"),
             "imports")


def attributes(s):
    """The attributes of a handler's request."""
    with Client(s.port) as c:
        w = Socket(c, "/attributes?a=%20b", ("cookie", "x=1"),
                   ("cookie", "y=2"), ("sec-websocket-protocol", "p, q"),
                   ("sec-websocket-extensions", "other; a=1, " + DEFLATE))
        octets = w.get(1)[0][1]
        inflated = zlib.decompressobj(-15).decompress(octets)
        t.eq(json.loads(inflated), {
            "cookie": "x=1; y=2", "missing": None, "in": False,
            "origin": "https://example.test", "protocols": ["p", "q"],
            "protocol": "p", "uri": "/attributes?a=%20b",
            "spoken": "HTTP/2", "status": 200,
            "unparsed_uri": "/attributes?a=%20b",
            "resource": "/attributes?a=%20b", "version": 13,
            "method": "CONNECT", "https": True, "address": "127.0.0.1",
            "host": "127.0.0.1", "terminated": [False, False],
            "extensions": ["other", DEFLATE], "accepted": DEFLATE},
            "the request's attributes")
        t.eq(w.x.headers, [("sec-websocket-protocol", "p"),
                           ("sec-websocket-extensions", DEFLATE),
                           ("x-out", "o"),
                           ("set-cookie", "a=b"), ("x-bytes", "\xff")],
             "headers_out and extra_headers")
        plain = json.loads(Socket(c, "/attributes").get(1)[0][1])
        t.eq((plain["extensions"], plain["protocols"], plain["protocol"]),
             (None, None, None), "nothing asked for is None")


def deflate(s):
    """Messages with permessage-deflate."""
    with Client(s.port) as c:
        w = Socket(c, "/echo", ("sec-websocket-extensions", DEFLATE))
        out, back = zlib.compressobj(wbits=-15), zlib.decompressobj(-15)
        text = b"over and over and " * 50

        def deflated(piece, end=True):
            octets = out.compress(piece)
            if not end:
                return octets
            return octets + out.flush(zlib.Z_SYNC_FLUSH)[:-4]

        def inflated(f):
            return (f[0], back.decompress(f[1] + b"\0\0\xff\xff"))

        first = deflated(text)
        w.send(frame(TEXT, first, rsv=4))
        got = w.get(1)
        t.eq([inflated(f) for f in got], [(0xc1, text)],
             "deflated both ways")
        second = deflated(text)
        w.send(frame(TEXT, second, rsv=4))
        got = w.get(2)
        t.eq(inflated(got[1]), (0xc1, text), "and again")
        t.ok(len(got[1][1]) < len(got[0][1]),
             "the second with what the first has taught", got)
        w.send(frame(TEXT, b"as it is"))
        t.eq(inflated(w.get(3)[2]), (0xc1, b"as it is"),
             "a message that is not deflated")
        whole = deflated(text)
        w.send(frame(TEXT, whole[:3], fin=False, rsv=4),
               frame(PING, b"amid"), frame(0, whole[3:6], fin=False),
               frame(PING), frame(0, whole[6:]))
        got = w.get(6)
        t.eq([got[3], got[4], inflated(got[5])],
             [(0x8a, b"amid"), (0x8a, b""), (0xc1, text)],
             "Pings between the fragments of a deflated message")
        w = Socket(c, "/echo", ("sec-websocket-extensions",
                                DEFLATE + "; server_no_context_takeover"))
        w.send(frame(TEXT, text), frame(TEXT, text))
        got = w.get(2)
        t.eq([zlib.decompressobj(-15).decompress(f[1] + b"\0\0\xff\xff")
              for f in got], [text] * 2, "server_no_context_takeover")
        w = Socket(c, "/echo", ("sec-websocket-extensions", DEFLATE))
        w.send(frame(TEXT, b"\xff\xff\xff", rsv=4))
        t.eq(w.finish(1), ([close_frame(1007)], True),
             "what does not inflate: 1007")


# ---- the end

# (name, what the client sends, status of the server's Close frame).
WRONG = [
    ("an unmasked frame", frame(TEXT, b"a", mask=b""), 1002),
    ("a reserved bit", frame(TEXT, b"a", rsv=2), 1002),
    ("RSV1 without an extension", frame(TEXT, b"a", rsv=4), 1002),
    ("an unknown opcode", frame(3, b"a"), 1002),
    ("an unknown control opcode", frame(11, b"a"), 1002),
    ("a fragmented Ping", frame(PING, b"a", fin=False), 1002),
    ("a Ping of 126", frame(PING, b"a" * 126), 1002),
    ("a continuation of nothing", frame(0, b"a"), 1002),
    ("text within text", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"),
     1002),
    ("a length in too many octets",
     b"\x81\xfe\x00\x01\x00\x00\x00\x00a", 1002),
    ("text that is not UTF-8", frame(TEXT, b"\xff"), 1007),
    ("text that ends within a character", frame(TEXT, b"\xe2\x82"), 1007),
    ("Close with one octet", frame(CLOSE, b"a"), 1002),
    ("Close with 1005", close(1005), 1002),
    ("Close with 999", close(999), 1002),
    ("Close with 5000", close(5000), 1002),
    ("a close reason that is not UTF-8", close(1000, b"\xff"), 1007),
]

# (query of close_wsh, Close frame or None for 1011, what the handler notes).
CLOSES = [
    ("code=1000", close_frame(1000), [4000, "r"]),
    ("code=3999&reason=h%C3%A9", close_frame(3999, "h\u00e9".encode()),
     [4000, "r"]),
    ("code=none", (0x88, b""), [4000, "r"]),
    ("code=none&reason=x", None, "BadOperationException"),
    ("code=999", None, "BadOperationException"),
    ("code=1005", None, "BadOperationException"),
    ("code=5000", None, "BadOperationException"),
]

# (query of passive_wsh, what the client sends, response, what is noted).
PASSIVE = [
    ("echo", close(3001, "r\u00e9".encode()),
     close_frame(3001, "r\u00e9".encode()), [3001, "r\u00e9", True, True]),
    ("echo", close(), (0x88, b""), [1005, None, True, True]),
    ("none", close(1001), (0x88, b""), [1001, "", True, True]),
    ("wrong", close(1000), close_frame(1011), None),
]


def wrong(s):
    """What RFC 6455 forbids to a client."""
    with Client(s.port) as c:
        for name, octets, code in WRONG:
            w = Socket(c, "/echo").send(octets)
            t.eq(w.finish(1), ([close_frame(code)], True),
                 f"{name}: {code}, END_STREAM")
            t.eq((w.x.reset, c.end), (None, None),
                 f"{name}: it goes on for the others")
        w = Socket(c, "/ends?invalid").send(frame(TEXT, b"\xc0"))
        w.finish(1)
        t.eq(note(c, "invalid"), "InvalidUTF8Exception",
             "the handler sees what it was")


def closing(s):
    """Closing handshakes, begun by either side."""
    for query, want, noted in CLOSES:
        with Client(s.port) as c:
            w = Socket(c, "/close?" + query)
            t.eq(w.get(1)[:1], [want or close_frame(1011)],
                 f"close: {query}")
            t.eq(w.x.ended, False, f"close: {query}: waits for the answer")
            w.send(frame(PING, b"late"), close(4000, b"r"))
            t.eq(w.finish(1)[1], True, f"close: {query}: END_STREAM")
            t.eq(len(frames(w.x.body)), 1, f"close: {query}: no Pong after it")
            code = re.search("code=([^&]*)", query).group(1)
            t.eq(note(c, "close " + code), noted, f"close: {query}: the result")
    with Client(s.port) as c:
        w = Socket(c, "/close?code=1000")
        w.get(1)
        w.send(frame(TEXT, b"not yet"))
        t.eq(note(c, "close 1000"), "ConnectionTerminatedException",
             "a message instead of the client's Close")
        t.eq(w.finish(1), ([CLOSED], True), "ends it")
    for how, octets, want, noted in PASSIVE:
        with Client(s.port) as c:
            w = Socket(c, "/passive?how=" + how).send(octets)
            t.eq(w.finish(1), ([want], True),
                 f"the client closes first: {how}, {octets!r}")
            if noted:
                t.eq(note(c, "closed"), noted, f"{how}: what it said")


def ends(s):
    """Handlers fail, and clients leave."""
    with Client(s.port) as c:
        for how in ("error", "exit", "lone", "number", "reason"):
            w = Socket(c, "/ends?" + how).send(close(1000))
            t.eq(w.finish(1), ([close_frame(1011)], True),
                 f"handler: {how}: 1011")
        w = Socket(c, "/ends?unsupported").send(close(1000))
        t.eq(w.finish(1), ([close_frame(1003)], True),
             "UnsupportedFrameException: 1003")
        w = Socket(c, "/ends?abort")
        t.eq(w.finish(1), ([(0x81, b"last")], True),
             "AbortedByUserException: END_STREAM without Close")
        w = Socket(c, "/ends?bytes").send(b"abcdefg", b"hijk", end=True)
        c.wait_for(lambda: w.x.done)
        t.eq((w.x.body, w.x.ended), (b"edcbajihgfk", True),
             "connection.read and write")
        w = Socket(c, "/ends?early").send(frame(TEXT), close(1001), end=True)
        t.eq(w.finish(2), ([(0x81, b"early"), CLOSED], True),
             "what comes behind the end is dropped")
        w = Socket(c, "/ends?leaves").send(frame(PING), end=True)
        t.eq(w.finish(1), ([(0x8a, b"")], True),
             "END_STREAM without Close is answered by the same")
        t.ok("without a Close" in note(c, "left"), "and told to the handler")
        t.eq(note(c, "loads"), 1, "a script is executed once a connection")
    with Client(s.port) as c:
        w = Socket(c, "/ends?leaves")
        note(c, "waits")
        c.reset(w.x.sid)
        t.ok("the client has left" in note(c, "left"),
             "RST_STREAM wakes a handler that receives")
        w = Socket(c, "/ends?writes")
        note(c, "writes")
        c.reset(w.x.sid)
        c.fetch("/note.py?set=client+has+left")
        t.eq(note(c, "write failed"), True, "and one that sends is told")
        t.eq(c.fetch("/quick.py", body=b"beside").body, b"beside",
             "the connection goes on")
    t.ok(re.search(r"error.*stream \d+, /ends, web_socket_transfer_data:.*"
                   r"Traceback", s.log()) and
         "KeyError: \"a script's mistake\"" in s.log(),
         "the log has the traceback", s.log()[-2000:])


def final_blocks(s):
    """Compressed blocks with BFINAL (RFC 7692 §7.2.3.5)."""
    def final(text):
        out = zlib.compressobj(wbits=-15)
        return out.compress(text) + out.flush(zlib.Z_FINISH)

    # The RFC's own octets, and what else may follow such a block.
    hello = bytes.fromhex("f348cdc9c9070000")
    rows = [("the RFC's", [hello], b"Hello"),
            ("nothing behind it", [hello[:-1]], b"Hello"),
            ("two in a frame", [hello[:-1] + hello], b"HelloHello"),
            ("in fragments", [hello[:-1], final(b", world") + b"\0"],
             b"Hello, world")]
    with Client(s.port) as c:
        w = Socket(c, "/echo", ("sec-websocket-extensions", DEFLATE))
        back, n = zlib.decompressobj(-15), 0
        for label, pieces, want in rows:
            w.send(*[frame(0 if i else TEXT, piece, piece is pieces[-1],
                           0 if i else 4) for i, piece in enumerate(pieces)])
            n += 1
            got = w.get(n)
            t.eq([back.decompress(f[1] + b"\0\0\xff\xff")
                  for f in got[n - 1:]], [want], "BFINAL: " + label)
        # Later messages can still refer to earlier content.
        out = zlib.compressobj(wbits=-15, zdict=b"Hello, world")
        w.send(frame(TEXT, out.compress(b"Hello, world") +
                     out.flush(zlib.Z_SYNC_FLUSH)[:-4], rsv=4))
        t.eq([back.decompress(f[1] + b"\0\0\xff\xff")
              for f in w.get(n + 1)[n:]], [b"Hello, world"],
             "BFINAL: the window outlives it")
        w.send(frame(BINARY, final(b"") * 2000, rsv=4))
        t.eq(w.finish(n + 2)[0][n + 1:], [close_frame(1009)],
             "BFINAL: a thousand of them, no more")
        w = Socket(c, "/echo", ("sec-websocket-extensions", DEFLATE))
        w.send(frame(BINARY, final(b"") + final(bytes(30 << 20)), rsv=4))
        t.eq(w.finish(1), ([close_frame(1009)], True),
             "BFINAL: what follows is counted")


def many_threads(s):
    """Several threads send while one closes: nothing
    follows the Close frame."""
    behind = []
    for _ in range(10):
        with Client(s.port) as c:
            got = Socket(c, "/threads").finish(1)[0]
            closes = [i for i, f in enumerate(got) if f[0] == 0x88]
            behind.append((len(closes), len(got) - 1 - closes[0]))
    t.eq(behind, [(1, 0)] * 10, "nothing behind the Close frame")


if subprocess.run([sys.executable, "-c", "import wsproto"],
                  stderr=subprocess.DEVNULL).returncode:
    tap.skip_all("no python3-wsproto")
with Server(SCRIPTS, "--ws-docroot", WS, "--log-level", "debug") as server:
    for part in (messages, sent, attributes, deflate, final_blocks, wrong,
                 closing, ends, many_threads):
        part(server)
t.done()
