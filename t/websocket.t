#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""WebSockets over HTTP/2 (RFC 8441): the handshake, what handlers are given
and may do, frames as a client sees them, python3-wsproto and Chromium."""
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import browser                                                  # noqa: E402
import tap                                                      # noqa: E402
from rawclient import Client, INITIAL_WINDOW_SIZE               # noqa: E402
from server import SCRIPTS, Server, program              # noqa: E402

WS = os.path.join(HERE, "ws-scripts")
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
ENABLE_CONNECT_PROTOCOL = 8
CANCEL = 8
VERSION = ("sec-websocket-version", "13")
DEFLATE = "permessage-deflate"

t = tap.Tap()


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x11\x22\x33\x44"):
    """A frame as a client sends it (RFC 6455 section 5.2)."""
    bit = 0x80 if mask else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 1 << 16:
        head += struct.pack(">BH", bit | 126, len(payload))
    else:
        head += struct.pack(">BQ", bit | 127, len(payload))
    if mask:
        key = (mask * (len(payload) // 4 + 1))[:len(payload)]
        payload = (int.from_bytes(payload, "big")
                   ^ int.from_bytes(key, "big")).to_bytes(len(payload), "big")
    return head + mask + payload


def close(code=None, reason=b""):
    """A Close frame."""
    return frame(CLOSE, b"" if code is None
                 else struct.pack(">H", code) + reason)


def frames(octets):
    """(first octet, payload) of each whole frame."""
    found = []
    while len(octets) >= 2:
        length, at = octets[1] & 0x7f, 2
        if length == 126:
            length, at = int.from_bytes(octets[2:4], "big"), 4
        elif length == 127:
            length, at = int.from_bytes(octets[2:10], "big"), 10
        if octets[1] & 0x80:
            at += 4
        if len(octets) < at + length:
            break
        found.append((octets[0], octets[at:at + length]))
        octets = octets[at + length:]
    return found


class Socket:
    """A WebSocket of a connection."""

    def __init__(self, c, path, *headers, version=VERSION):
        self.c = c
        c.wait_for(lambda: c.settings)
        self.x = c.open(path, "CONNECT", [
            (":protocol", "websocket"), *([version] if version else []),
            ("origin", "https://example.test"), *headers])
        c.wait_for(lambda: self.x.status or self.x.done)

    def send(self, *octets, end=False):
        """Each in a DATA frame of its own, or in as many as it takes."""
        octets = [piece[at:at + 16384] for piece in octets
                  for at in range(0, len(piece) or 1, 16384)]
        for i, piece in enumerate(octets):
            self.c.send_data(self.x.sid, piece, end and i == len(octets) - 1)
        return self

    def get(self, n):
        """What has come, once it is n frames (or the end)."""
        self.c.wait_for(lambda: len(frames(self.x.body)) >= n or self.x.done)
        return frames(self.x.body)

    def finish(self, n):
        """What has come when the stream has ended; and that it did."""
        self.c.wait_for(lambda: self.x.done)
        return frames(self.x.body), self.x.ended


def note(c, key):
    """What a handler of this connection has noted."""
    return json.loads(c.fetch("/note.py?wait=" + key.replace(
        " ", "+")).body or b'"none"')


def close_frame(code, reason=b""):
    """As the server sends it."""
    return (0x88, struct.pack(">H", code) + reason)


CLOSED = close_frame(1000)


# ---- the handshake

# path, fields (None: no version), status, response fields
REFUSED = [
    ("/none", [], 404, []),
    ("/echo/", [], 404, []),
    ("/echo_wsh", [], 404, []),
    ("/echo_wsh.py", [], 404, []),
    ("/../ws-scripts/echo", [], 404, []),
    ("/%2e%2e/ws-scripts/echo", [], 404, []),
    ("/echo%00", [], 404, []),
    ("/note", [], 404, []),
    ("/half", [], 500, []),
    ("/syntax", [], 500, []),
    ("/echo", None, 400, []),
    ("/echo", [("sec-websocket-version", "8")], 400,
     [("sec-websocket-version", "13")]),
    ("/echo", [VERSION, ("sec-websocket-extensions", "a;=")], 400, []),
    ("/echo", [VERSION, ("sec-websocket-extensions", "a;")], 400, []),
    ("/echo", [VERSION, ("sec-websocket-extensions", "a=1")], 400, []),
    ("/echo", [VERSION, ("sec-websocket-extensions", "a b")], 400, []),
    ("/handshake?status", [], 401, []),
    ("/handshake?default", [], 400, []),
    ("/handshake?version", [], 400, [("sec-websocket-version", "8, 13")]),
    ("/handshake?error", [], 403, []),
    ("/handshake?header", [], 500, []),
    ("/handshake?literal", [], 401, [("www-authenticate",
                                      'Basic realm="x"')]),
    ("/handshake?none", [VERSION, ("sec-websocket-protocol", "p")], 400, []),
    ("/handshake?unasked", [], 400, []),
    ("/handshake?begun", [], 404, [("x-a", "1")]),
    ("/handshake?switch", [], 200, [("sec-websocket-protocol", "by hand")]),
]

# offers; the answer; how much the server's frames need to inflate
OFFERS = [
    (None, None),
    ("permessage-deflate", "permessage-deflate"),
    ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
    ("x-unknown, permessage-deflate", "permessage-deflate"),
    ("permessage-deflate; client_max_window_bits=10; "
     "server_max_window_bits=9",
     "permessage-deflate; server_max_window_bits=9; "
     "client_max_window_bits=10"),
    ("permessage-deflate; server_no_context_takeover; "
     "client_no_context_takeover",
     "permessage-deflate; server_no_context_takeover; "
     "client_no_context_takeover"),
    ('permessage-deflate; server_max_window_bits="10"',
     "permessage-deflate; server_max_window_bits=10"),
    ("permessage-deflate; client_max_window_bits=8", "permessage-deflate"),
    ("permessage-deflate; server_max_window_bits=8", None),
    ("permessage-deflate; server_max_window_bits", None),
    ("permessage-deflate; server_max_window_bits=16", None),
    ("permessage-deflate; server_max_window_bits=+9", None),
    ("permessage-deflate; client_no_context_takeover=1", None),
    ("permessage-deflate; x=1, permessage-deflate", "permessage-deflate"),
    ("permessage-deflate; client_max_window_bits=9; "
     "client_max_window_bits=9", None),
    ("x-webkit-deflate-frame", None),
]


def handshake(s):
    """What is answered to CONNECT."""
    with Client(s.port) as c:
        w = Socket(c, "/echo", ("sec-websocket-protocol", "chat, echo"))
        t.eq(c.settings.get(ENABLE_CONNECT_PROTOCOL), 1,
             "SETTINGS_ENABLE_CONNECT_PROTOCOL is 1")
        t.eq((w.x.status, w.x.headers, w.x.ended),
             (200, [("sec-websocket-protocol", "echo")], False),
             "200 with the protocol chosen, and no more")
        w = Socket(c, "/echo", ("sec-websocket-protocol", "chat"))
        t.eq(w.x.status, 400, "of those offered the handler has to choose one")
        t.eq(Socket(c, "/echo").x.headers, [], "none offered, none chosen")
        t.eq(Socket(c, "/handshake?other").x.status, 202,
             "the status that the handler sets")
        for path, fields, status, want in REFUSED:
            version, *more = fields or [VERSION]
            w = Socket(c, path, *more,
                       version=None if fields is None else version)
            c.wait_for(lambda: w.x.done)
            got = [f for f in w.x.headers
                   if f[0] not in ("content-type", "content-length")]
            t.eq((w.x.status, got, w.x.ended), (status, want, True),
                 f"refused: {path} {fields}")
        for how in "abort", "garbage":
            w = Socket(c, "/handshake?" + how)
            c.wait_for(lambda: w.x.done)
            t.eq((w.x.status, w.x.reset), (None, CANCEL),
                 f"{how} before the handshake: RST_STREAM with CANCEL")
        w = Socket(c, "/handshake?literal")
        c.wait_for(lambda: w.x.done)
        t.eq(w.x.body, b"who?", "the content of an answer by hand")
        x = c.request("/echo", method="CONNECT", body=b"", headers=[
            (":protocol", "websockets"), VERSION])
        c.wait_for(lambda: x.done)
        t.eq(x.status, 404, "another :protocol is none")
        x = c.request("/quick.py", method="CONNECT", body=b"",
                      headers=[(":protocol", "connect-udp")])
        c.wait_for(lambda: x.done)
        t.eq(x.status, 200, "another :protocol is like any method to a route")
        t.eq(c.fetch("/quick.py", body=b"beside").body, b"beside",
             "requests on the same connection go on")
    t.ok(s.wait_log("ValueError: Unacceptable origin: 'https://example.test'"),
         "the log has the traceback of a refusal by exception")
    t.ok(re.search(r"stream \d+, /half, .*no web_socket_transfer_data",
                   s.log()), "and what a script lacks")


def negotiate(s):
    """permessage-deflate's parameters (RFC 7692 section 7)."""
    with Client(s.port) as c:
        for offer, want in OFFERS:
            w = Socket(c, "/echo", *(
                [("sec-websocket-extensions", offer)] if offer else []))
            t.eq((w.x.status, w.x.header("sec-websocket-extensions")),
                 (200, want), f"offer: {offer}")
        offer = ("sec-websocket-extensions",
                 "permessage-deflate; client_max_window_bits")
        for how, want in (
                ("none", None), ("window", "permessage-deflate; "
                                 "client_no_context_takeover; "
                                 "client_max_window_bits=10")):
            w = Socket(c, "/handshake?" + how, offer)
            t.eq(w.x.header("sec-websocket-extensions"), want,
                 f"a handler's say: {how}")
        w = Socket(c, "/handshake?window",
                   ("sec-websocket-extensions", DEFLATE))
        t.eq(w.x.header("sec-websocket-extensions"),
             "permessage-deflate; client_no_context_takeover",
             "no window is asked of a client that has not offered it")
        w = Socket(c, "/handshake?protocol",
                   ("sec-websocket-protocol", "a , b"),
                   ("sec-websocket-protocol", "c"))
        t.eq(w.x.header("sec-websocket-protocol"), "c",
             "protocols in several fields")


# ---- messages

def messages(s):
    """Text, binary, sizes, ways to cut them up."""
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
    """What handlers send."""
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
    """What a handler is told."""
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
    """permessage-deflate at work."""
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

# what the client sends, the status of the Close frame that answers it
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

# query of close_wsh, the Close frame (None: 1011), what the handler notes
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

# query of passive_wsh, what the client sends, the answer, what is noted
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
    """Closing handshakes, either side first."""
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
    """Handlers that fail, clients that leave."""
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


def flow(s):
    """Credit, and handlers side by side."""
    with Client(s.port, settings={INITIAL_WINDOW_SIZE: 1000},
                auto_window=False) as c:
        a, b = Socket(c, "/echo"), Socket(c, "/echo")
        a.send(frame(BINARY, bytes(5000)))
        c.wait_for(lambda: len(a.x.body) == 1000)
        b.send(frame(TEXT, b"beside"))
        t.eq(b.get(1), [(0x81, b"beside")],
             "one that waits for window keeps no other")
        c.window_update(a.x.sid, 10000)
        t.eq(a.get(1), [(0x82, bytes(5000))], "and goes on when it comes")
        c.window_update(0, 1 << 20)
        for w in b, Socket(c, "/ends?writes"):
            left = w.x.credit - 80000
            w.send(frame(BINARY, bytes(81000))[:16000], *[bytes(16000)] * 4)
            c.ping()
            if w is b:
                t.ok(c.wait_for(lambda: w.x.credit > left),
                     "the credit of what is read is given back", left)
        t.eq(w.x.credit, left, "that of what nobody reads is not")
        c.reset(w.x.sid)
        c.fetch("/note.py?set=client+has+left")
    with Server(SCRIPTS, "--ws-docroot", WS, "--max-message", "100000",
                "--run-limit", "1") as small:
        with Client(small.port) as c:
            big = bytes(200000)
            out = zlib.compressobj(wbits=-15)
            bomb = out.compress(big) + out.flush(zlib.Z_SYNC_FLUSH)[:-4]
            w = Socket(c, "/echo", ("sec-websocket-extensions", DEFLATE))
            w.send(frame(BINARY, bomb, rsv=4))
            t.eq(w.finish(1), ([close_frame(1009)], True),
                 "a message above --max-message: 1009")
            # Each character is two octets here and two there.
            w = Socket(c, "/echo").send(frame(TEXT, b"\xc3\xa9" * 50000))
            t.eq(len(w.get(1)[0][1]), 100000, "as many octets of text pass")
            w.send(frame(TEXT, b"\xc3\xa9" * 50001))
            t.eq(w.finish(2)[0][1:], [close_frame(1009)],
                 "octets of text are counted, not characters")
            w = Socket(c, "/echo")
            w.send(frame(BINARY, b"", False),
                   *[frame(0, b"", False) * 2000] * 33)
            t.eq(w.finish(1), ([close_frame(1009)], True),
                 "fragments are counted too")
            c.fetch("/quick.py")
            w = Socket(c, "/echo")
            x = c.fetch("/limit.py?how=loop")     # until its time is up
            w.send(frame(TEXT, b"still here"))
            t.eq(w.get(1), [(0x81, b"still here")],
                 "no run-time limit for a WebSocket")
            t.ok(x.status or x.reset is not None, "while there is for others",
                 x)
    with Client(s.port) as c, Client(s.port) as d:
        key = "7d3e1c52-9c07-4bd3-8d0c-7f8b8e0d4c11"
        w = Socket(c, "/stash").send(frame(TEXT, b"put %s there"
                                           % key.encode()))
        w.get(1)
        w = Socket(d, "/stash").send(frame(TEXT, b"take " + key.encode()))
        t.eq(w.get(1), [(0x81, b"there")], "request.server.stash")


def default_root(s_dir):
    """Without --ws-docroot handlers are in the document root, and change."""
    root = os.path.join(s_dir, "root")
    shutil.copytree(WS, root)
    os.symlink("/etc", os.path.join(root, "out"))
    shutil.copy(os.path.join(WS, "echo_wsh.py"),
                os.path.join(s_dir, "outside_wsh.py"))
    os.symlink(os.path.join(s_dir, "outside_wsh.py"),
               os.path.join(root, "link_wsh.py"))
    with Server(root, "--cleartext") as s, Client(s.port, tls=False) as c:
        w = Socket(c, "/echo").send(frame(TEXT, b"here"))
        t.eq(w.get(1), [(0x81, b"here")], "handlers in the document root")
        t.eq(Socket(c, "/link").x.status, 404, "a link that leaves it: 404")
        with open(os.path.join(root, "echo_wsh.py"), "w") as f:
            f.write("def web_socket_do_extra_handshake(request):\n    pass\n"
                    "def web_socket_transfer_data(request):\n"
                    "    request.ws_stream.send_message('new')\n")
        t.eq(Socket(c, "/echo").get(1)[0], (0x81, b"new"),
             "a script that has changed is read again")
    namesakes(root)


def namesakes(root):
    """Modules of the document root that are called like what h2rig takes
    from elsewhere, which it does while it runs no user's code."""
    mark = os.path.join(root, "mark")
    for name in ("wsproto.py", "h11.py"):
        with open(os.path.join(root, name), "w") as f:
            f.write("open(%r, 'w').close()\n" % mark)
    def look(c, label):
        t.eq((Socket(c, "/echo").get(1)[:1], os.path.exists(mark)),
             ([(0x81, b"new")], False), label)

    with Server(root, "--cleartext") as s, Client(s.port, tls=False) as c:
        look(c, "namesakes of wsproto are not taken")
    # Where nothing is imported ahead of the first WebSocket.
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            Client(listener.getsockname()[1], tls=False) as c:
        with listener.accept()[0] as conn:
            p = subprocess.Popen([program(), "--inetd", "--cleartext", root],
                                 stdin=conn, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        look(c, "nor with --inetd")
        c.leave()
        t.eq(p.wait(tap.scaled(60)), 0, "which ends as usual")


NO_WSPROTO = """
import sys
sys.modules["wsproto"] = None
sys.path.insert(0, %r)
import fake
fake.configure()
s = fake.serve(fake.headers("CONNECT", "/echo", [
    (b":protocol", b"websocket"), (b"sec-websocket-version", b"13")], False))
print(s.sent[0][:2], fake.logged("error"))
fake.shutdown()
"""


def absent():
    """A machine without wsproto."""
    p = subprocess.run([sys.executable, "-c", NO_WSPROTO % os.path.join(
        HERE, "python")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = p.stdout.decode()
    t.ok("(b':status', b'501')" in out and "python3-wsproto" in out,
         "without wsproto: 501 and an error in the log that names it", out)


def final_blocks(s):
    """Blocks with BFINAL (RFC 7692 section 7.2.3.5)."""
    def final(text):
        out = zlib.compressobj(wbits=-15)
        return out.compress(text) + out.flush(zlib.Z_FINISH)

    # The RFC's own octets, and what else may stand behind such a block.
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
        # What came before is still there to be referred to.
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
    """Several threads send while one closes."""
    behind = []
    for _ in range(10):
        with Client(s.port) as c:
            got = Socket(c, "/threads").finish(1)[0]
            closes = [i for i, f in enumerate(got) if f[0] == 0x88]
            behind.append((len(closes), len(got) - 1 - closes[0]))
    t.eq(behind, [(1, 0)] * 10, "nothing behind the Close frame")


def stopping():
    """Handlers that wait for their client when the server stops."""
    with Server(SCRIPTS, "--ws-docroot", WS, "--grace", "600") as s, \
            Client(s.port) as c:
        waits, reads = Socket(c, "/ends?waits"), Socket(c, "/ends?reads")
        t.eq((waits.get(1), reads.get(1)),
             ([(0x81, b"I wait")], [(0x81, b"I read")]), "they wait")
        os.kill(s.pid, signal.SIGTERM)
        t.eq(waits.finish(2), ([(0x81, b"I wait"), close_frame(1001)], True),
             "TERM: the client is told 1001")
        t.eq(reads.finish(1), ([(0x81, b"I read")], True),
             "... and one that reads octets by itself ends")
        t.ok(s.wait_log("told: stream 1: the server is stopping"),
             "the handler is told")
        t.ok(tap.wait_until(lambda: not s.alive()),
             "and the server waits for no grace time")


# ---- peers

def peer(s):
    """python3-h2 with python3-wsproto's frames."""
    try:
        import wspeer
    except ImportError as e:
        return t.skip("python3-h2 and python3-wsproto", e)
    return t.eq(wspeer.talk(s.port), [
        DEFLATE, "h\u00e9llo", True, ["PONG", b"are you there"],
        ["CLOSE", (1000, "")]], "python3-h2 and python3-wsproto talk to it")


WANT = [
    ("first", "h2"),
    ("text", "h\u00e9llo"),
    ("protocol", ["echo", "chat"]),
    ("deflate", DEFLATE),
    ("binary", [70000, True]),
    ("fragments", ["one two three", 2]),
    ("close", [3001, "by the server", True]),
    ("passive", [3002, "r\u00e9", True]),
    ("refused", [1006, False]),
    ("connection", True),
    ("upload", "olleh\nEnd of File"),
]


def chromium(s):
    """Chromium, with WebSockets and fetch() on one connection."""
    exe = browser.find()
    if exe is None:
        return t.skip("Chromium", "no Chromium")
    results, detail = browser.run(exe, s.url("/websocket.html"))
    if not t.ok(results, "Chromium: the page's script ran",
                detail + s.log()[-2000:]):
        return None
    for name, want in WANT:
        t.eq(results.get(name), want, f"Chromium: {name}")
    t.eq(sorted(results), sorted(n for n, _ in WANT), "all are looked at")
    return None


if subprocess.run([sys.executable, "-c", "import wsproto"],
                  stderr=subprocess.DEVNULL).returncode:
    absent()
    t.skip("WebSockets", "no python3-wsproto")
    t.done()
with Server(SCRIPTS, "--ws-docroot", WS, "--log-level", "debug") as server:
    for part in (handshake, negotiate, messages, sent, attributes, deflate,
                 final_blocks, wrong, closing, ends, flow, many_threads,
                 peer, chromium):
        part(server)
    stopping()
    default_root(server.dir)
absent()
t.done()
