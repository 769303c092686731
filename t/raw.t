#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests raw writer calls: the octets that a client receives, and
header blocks that a script leaves open (RFC 9113 §4.3: no other frame
may come in between)."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import (Client, CONTINUATION, DATA, Frame,       # noqa: E402
                       GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS,
                       WINDOW_UPDATE)
from hpack import huffman, huffman_constants                    # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

t = tap.Tap()
HUFFMAN = huffman.HuffmanEncoder(huffman_constants.REQUEST_CODES,
                                 huffman_constants.REQUEST_CODES_LENGTH)


def string(octets):
    """Returns a string literal, Huffman-coded if that is
    shorter (RFC 7541 §5.2)."""
    coded = HUFFMAN.encode(octets)
    if len(coded) < len(octets):
        return bytes([0x80 | len(coded)]) + coded
    return bytes([len(octets)]) + octets


def literal(name, value):
    """Returns a field with a new name, which is added to the table
    (RFC 7541 §6.2.1)."""
    return b"\x40" + string(name) + string(value)


def frame(*parts):
    return Frame(*parts).raw()


HOLD_S = 1                                  # CONN_HOLD_MS of src/conn/conn.h
OK = b"\x88"                                # :status 200, static entry 8
X_A = literal(b"x-a", b"b")
BAD = b"".join(literal(n, v) for n, v in [
    (b"x-crlf", b"a\r\nb"), (b"x-nul", b"\0"), (b"X-Upper", b"U"),
    (b"x-int", b"12"), (b"x-utf8", b"caf\xc3\xa9"), (b"x-empty", b""),
    (b"connection", b"close"), (b":late", b"pseudo")])

# (case of scripts/raw.py, all octets that the client receives).
RAW = [
    ("headers", frame(HEADERS, 0x5, 1, OK + X_A)),
    ("headers_continuation",
     frame(HEADERS, 0, 1, OK + X_A)
     + frame(CONTINUATION, 0x4, 1, literal(b"x-c", b"d"))
     + frame(DATA, 0x1, 1, b"")),
    ("headers_other_class", frame(CONTINUATION, 0x4, 1, OK + X_A)),
    ("headers_other_stream", frame(HEADERS, 0x5, 77, OK + X_A)),
    ("headers_repeated",
     frame(HEADERS, 0x4, 1, OK + X_A) + frame(HEADERS, 0x4, 1, OK + b"\xbe")
     + frame(HEADERS, 0x5, 1, OK + b"\xbe")),
    ("headers_bad_values", frame(HEADERS, 0x5, 1, BAD)),
    ("continuation", frame(CONTINUATION, 0x4, 1, X_A)),
    ("data", frame(DATA, 0x1, 1, b"abc")),
    ("data_bytes", frame(DATA, 0, 1, b"\0\xff") + frame(DATA, 0, 1, b"\xc3\xa9")
     + frame(DATA, 0, 1, b"")),
    ("data_other_stream",
     frame(DATA, 0, 2, b"abc") + frame(DATA, 0, 0, b"abc")),
    ("data_too_large", frame(DATA, 0, 1, b"x" * 20000)),
    ("data_no_window", frame(DATA, 0, 1, b"y" * 16384) * 5),
    ("data_after_end", frame(DATA, 1, 1, b"a") + frame(DATA, 1, 1, b"b")),
    ("octets", b"\x00\x00\x01\xfa\xff\x80\x00\x00\x01Zthis is no frame"),
    ("octets_in_pieces", frame(DATA, 0, 1, b"ok")),
    ("serialized", frame(HEADERS, 0x4, 1, OK)
     + frame(CONTINUATION, 0x4, 1, OK)),
    ("frame_numbers", frame(0xfa, 0x55, 3, b"xyz")),
    ("frame_names", frame(PING, 0x1, 0, b"12345678")
     + frame(WINDOW_UPDATE, 0, 1, bytes(4))
     + frame(RST_STREAM, 0, 1, b"\0\0\0\x0d")),
    ("frame_lies", frame(SETTINGS, 0, 1, b"\0")),
    ("reset_stream", frame(RST_STREAM, 0, 1, b"\0\0\0\x0b")),
    ("goaway", frame(GOAWAY, 0, 0, b"\0\0\0\x05\0\0\0\x07bye")),
    ("ping", frame(PING, 0, 0, b"abcdefgh")),
    ("mixed_with_checked",
     frame(HEADERS, 0x4, 1, literal(b":status", b"103").replace(
         b"\x40" + string(b":status"), b"\x48") + X_A)
     + frame(HEADERS, 0x4, 1, OK + b"\xbe") + frame(DATA, 0, 1, b"raw")
     + frame(DATA, 1, 1, b"checked")),
]


def octet_by_octet(s):
    """Each raw call, on a new connection: its octets."""
    for case, want in RAW:
        with Client(s.port, ack=False) as c:
            c.wait_for(lambda: c.settings)
            c.send_frame(SETTINGS, 0x1, 0)
            c.ping(b"at rest.")
            before = len(c.frames)
            c.request(f"/raw.py?case={case}")

            def got():
                return b"".join(f.raw() for f in c.frames[before:]) \
                    + c.leftover()

            c.wait_for(lambda: len(got()) >= len(want))
            t.eq(got(), want, f"raw call octet by octet: {case}")
    with Client(s.port) as c:               # the encoder's table is right
        for i in range(3):
            x = c.fetch("/quick.py")
            c.request("/note.py?set=raw+seen")
            y = c.fetch("/raw.py?case=headers_continuation")
            t.eq((x.status, y.status, y.headers, c.bad_blocks),
                 (200, 200, [("x-a", "b"), ("x-c", "d")], []),
                 f"HPACK state, round {i}")


def between(c, x):
    """Returns the frames that came between a stream's HEADERS
    and CONTINUATION."""
    kinds = [(f.type, f.sid) for f in c.frames]
    if (HEADERS, x.sid) not in kinds or (CONTINUATION, x.sid) not in kinds:
        return f"incomplete: {kinds}"
    return kinds[kinds.index((HEADERS, x.sid)) + 1:
                 kinds.index((CONTINUATION, x.sid))]


def open_block(c, how):
    """Waits until a stream's header block is open."""
    x = c.request(f"/held.py?how={how}")
    c.wait_for(lambda: x.frames)
    t.eq([(f.type, f.flags, f.payload) for f in x.frames],
         [(HEADERS, 0, OK)], f"{how}: HEADERS without END_HEADERS")
    return x


def traffic(c):
    """Sends PINGs, uploads, requests and resets.  Returns the
    exchanges to wait for."""
    uploads = [c.open("/quick.py", "POST") for _ in range(4)]
    for i in range(20):
        c.send_frame(PING, 0, 0, b"%08d" % i)
        for x in uploads:
            c.send_data(x.sid, b"u" * 500, end_stream=i == 19)
    c.send_frame(SETTINGS, 0, 0)
    c.reset(c.open("/quick.py", "POST").sid)
    return uploads + [c.request("/arrived.py")]


def nothing_between(s):
    """Nothing comes between the frames of a block.  The script ends its block
    after a time, as scripts do, or on a condition, by which the server surely
    had taken all of the traffic before."""
    for how in ("sleep", "arrived", "sleep", "arrived"):
        for _ in range(10):
            with Client(s.port) as c:
                begun = time.monotonic()
                x = open_block(c, how)
                others = traffic(c)
                c.wait_for(lambda: x.done and all(y.done for y in others)
                           and len(c.pongs) >= 20)
                lasted = time.monotonic() - begun
            # On a busy machine the block may be open for longer
            # than the server waits.
            if between(c, x) == [] or lasted < HOLD_S:
                break
        t.eq(between(c, x), [], f"{how}: nothing comes between")
        t.eq((x.status, x.headers, x.body),
             (200, [("x-how", how)], b"held"), f"{how}: the response")
        t.ok(all(y.ended for y in others) and len(c.pongs) == 20
             and c.settings_acks == 2 and not c.bad_blocks,
             f"{how}: all the rest comes after it", c.frames[-5:])


def released(s):
    """The server ends an open block itself, after 1 s or when the
    functions are over."""
    with Client(s.port) as c:
        x = open_block(c, "late")
        y = c.fetch("/quick.py")
        t.ok(y.ended and len(x.frames) == 1 and c.ping(),
             "an open block holds the others up for a limited time only", y)
        c.fetch("/note.py?set=late")
        c.wait_for(lambda: x.done)
        t.eq([(f.type, f.flags) for f in x.frames[1:]],
             [(CONTINUATION, 0x4), (DATA, 0x1)],
             "the script that left it open goes on after it")
    with Client(s.port) as c:
        x = open_block(c, "forgotten")
        y = c.fetch("/quick.py")
        t.ok(y.ended and c.ping() and len(x.frames) == 1,
             "a block that its functions did not end is let go of", y)


PARTS = [                               # path, octets, text of the record
    ("part.py?case=header", b"\0\0\0", "6 of the 9 octets of a frame's header"),
    ("part.py?case=payload", b"\0\0\6\0\1\0\0\0\1four",
     "2 of the 6 octets of DATA on stream 1"),
    ("part.py?case=http1", b"HTTP/1.1 400 Bad Request\r\n\r\n",
     "4740161 of the 4740180 octets of frame of type 0x50 on stream "
     "825110816"),
    ("part.py?case=raises", b"\0", "8 of the 9 octets of a frame's header"),
    ("part.py?case=raises_later", b"\0\0\6\0\1\0\0\0\1",
     "6 of the 6 octets of DATA on stream 1"),
    ("part.py?case=refused", b"\0\0\0",
     "6 of the 9 octets of a frame's header"),
    ("part_early.py", b"\0\0\0\0\0", "4 of the 9 octets of a frame's header"),
    ("part_early.py?raise=1", b"\0\0\0\0\0",
     "4 of the 9 octets of a frame's header"),
]


def ends_in_a_frame(s):
    """If a script's octets stop inside of a frame, they are the
    connection's last."""
    for path, octets, missing in PARTS:
        with Client(s.port) as c:
            port = c.sock.getsockname()[1]
            if "early" in path:
                c.open("/" + path, "POST")
            else:
                c.request("/" + path)
            c.wait_for(lambda: c.leftover() == octets)
            c.send_frame(PING, 0, 0, b"not now!")
            c.wait_end()
            t.eq((c.end, c.leftover(), c.pongs), ("close_notify", octets, []),
                 f"{path}: the last octets")
            t.ok(s.wait_log(
                rf"info: child \d+ of 127\.0\.0\.1:{port} ended: closed by a "
                rf"script: /{re.escape(path)}, stream 1: its functions are "
                rf"over inside of a raw frame, {re.escape(missing)} are "
                r"missing; "), f"{path}: the log says so", s.log()[-600:])


def left_in_a_frame(s):
    """A thread that outlives its function cannot keep the output to itself."""
    with Client(s.port) as c:
        port = c.sock.getsockname()[1]
        c.fetch("/part_left.py")
        s.wait_log(rf"/part_left\.py .* client=127\.0\.0\.1:{port}")   # over
        c.request("/note.py?set=go")
        c.wait_end()
        t.eq((c.end, c.leftover()), ("close_notify", b"\0\0\0"),
             "a thread that is left stops inside of a frame: the last octets")
        t.ok(s.wait_log(rf"{port} ended: closed by a script: /part_left\.py, "
                        "stream 1: its functions are over inside of a raw "
                        "frame, 6 of the 9 octets"), "the log says so",
             s.log()[-600:])


def whole_in_the_end(s):
    """Nothing comes between the parts of a frame, however long they take."""
    with Client(s.port) as c:
        x = c.request("/part.py?case=whole")
        c.wait_for(lambda: x.status)
        before = len(c.frames)
        others = traffic(c) + [c.request("/note.py?set=go")]
        c.wait_for(lambda: x.done)
        t.eq([(f.type, f.sid) for f in c.frames[before:before + 2]],
             [(DATA, 1), (0x77, 0)], "a frame in three parts, and one more")
        c.wait_for(lambda: all(y.done for y in others) and len(c.pongs) == 20)
        t.ok(x.body == b"in all" and all(y.ended for y in others)
             and len(c.pongs) == 20, "all the rest comes after it", c.frames)


BAD_BLOCKS = {                          # why it does not decode: block
    "an index that is not there": "88c8",
    "... behind fields that would be stored": "88" + X_A.hex() + "ff00",
    "cut in a field": "88" + X_A.hex()[:-2],
    "a size update behind a field": "8820",
    "a size update that is too large": "3fe21f88",
}


def literals(payload):
    """Returns whether a block has only literals without indexing, whose names
    are static entries or literals shorter than 128 octets."""
    while payload:
        index, payload = payload[0], payload[1:]
        if index > 0x0f:
            return False
        if index == 0x0f:
            index, payload = index + payload[0], payload[1:]
        for _ in range(1 if index else 2):
            payload = payload[1 + (payload[0] & 0x7f):]
    return True


def blocks_followed(s, tls):
    """The encoder follows the table changes in raw blocks."""
    for by in ("frame", "octets", "parts"):
        with Client(s.port, tls=tls) as c:
            raw = c.fetch(f"/raw_block.py?by={by}&block=88" + X_A.hex())
            x = c.fetch("/raw_block.py")
            t.eq((raw.headers, x.headers, x.frames[0].payload[:2].hex(),
                  c.bad_blocks),
                 ([("x-a", "b")], [("x-a", "b"), ("x-c", "d")], "88be", []),
                 f"a raw block by {by}: the encoder uses what it stored")
            x = c.fetch(f"/raw_block.py?by={by}&block=20" + "88" + X_A.hex())
            y = c.fetch("/raw_block.py")
            t.eq((x.headers, y.headers, c.bad_blocks),
                 ([("x-a", "b")], [("x-a", "b"), ("x-c", "d")], []),
                 f"a size update by {by}")
            if by != "parts":               # HEADERS has half of the status
                x = c.fetch(f"/raw_block.py?by={by}&interim=1"
                            "&block=4803313033")
                t.eq((x.informational, x.status, x.body),
                     ([(103, [])], 200, b"final"),
                     f"a raw 103 by {by} is no final response")
        for why, block in BAD_BLOCKS.items():
            with Client(s.port, tls=tls) as c:
                c.fetch("/raw_block.py")
                c.request(f"/raw_block.py?by={by}&block={block}")
                c.wait_for(lambda: c.bad_blocks)
                answers = [c.fetch("/raw_block.py") for _ in range(2)]
                t.ok(len(c.bad_blocks) == 1 and all(
                    x.headers == [("x-a", "b"), ("x-c", "d")]
                    and x.body == b"checked"
                    and literals(x.frames[0].payload) for x in answers),
                     f"a block by {by} that does not decode ({why}): only "
                     "literals from then on", (c.bad_blocks, answers))
    with Client(s.port, tls=tls) as c:      # a block that never ends
        open_block(c, "forgotten")
        x = c.fetch("/raw_block.py")
        t.ok(literals(x.frames[0].payload) and x.header("x-a") == "b",
             "a block that never ends: only literals from then on", x)


with Server(SCRIPTS, "--cleartext") as server:
    blocks_followed(server, False)
with Server(SCRIPTS, "--grace", "1") as server:
    blocks_followed(server, True)
    octet_by_octet(server)
    nothing_between(server)
    released(server)
    ends_in_a_frame(server)
    left_in_a_frame(server)
    whole_in_the_end(server)
t.done()
