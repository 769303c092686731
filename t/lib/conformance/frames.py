# SPDX-License-Identifier: MIT
"""Cases of RFC 9113 §6 and §7: each type of frame, except SETTINGS and
WINDOW_UPDATE, and error codes."""
import struct

from rawclient import (ACK, DATA, END_HEADERS, GOAWAY, PADDED, PING, PRIORITY,
                       PRIORITY_FLAG, PUSH_PROMISE, RST_STREAM, Frame)

from conformance.case import (answer, answered, case, goaway, reset, silent,
                              started, synced, that, waits)
from conformance.wire import (FRAME_SIZE_ERROR, GET_BLOCK, NO_ERROR,
                              PROTOCOL_ERROR, RESERVED, continuation, data,
                              frame, get, goaway as goaway_frame, headers, pad,
                              padded, ping, post, priority, push_promise, rst,
                              string, window)

PRIORITY_FIELDS = struct.pack(">IB", 0, 200)


# ---- 6.1: DATA

CASES = [
    case("6.1", "DATA on stream 0", data(0, b"x"),
         goaway(PROTOCOL_ERROR, "DATA: belongs to a stream.*6.1")),
    case("6.1", "DATA is delivered", post(1), data(1, b"ab"), data(1, b"cd"),
         data(1, b"e", end=True), answer(1, 200, b"abcde")),
    case("6.1", "empty DATA ends a stream", post(1), data(1, b"abc"),
         data(1, end=True), answer(1, 200, b"abc")),
    case("6.1", "padding is taken off", post(1), padded(1, b"abc", 10),
         padded(1, b"def", 0, end=True), answer(1, 200, b"abcdef")),
    case("6.1", "padding of 255 octets", post(1),
         padded(1, b"abc", 255, end=True), answer(1, 200, b"abc")),
    case("6.1", "nothing but padding", post(1), padded(1, b"", 20),
         data(1, b"abc", end=True), answer(1, 200, b"abc")),
    case("6.1", "padding that is not zero is content to nobody", post(1),
         frame(DATA, PADDED | 1, 1, b"\x02abcXY"), answer(1, 200, b"abc")),
    case("6.1", "padding as long as the payload", post(1),
         frame(DATA, PADDED, 1, b"\x04abc"),
         goaway(PROTOCOL_ERROR, "DATA on stream 1: padding.*6.1")),
    case("6.1", "padding longer than the payload", post(1),
         frame(DATA, PADDED, 1, b"\xffabc"),
         goaway(PROTOCOL_ERROR, "padding.*6.1")),
    case("6.1", "PADDED without Pad Length", post(1),
         frame(DATA, PADDED, 1), goaway(FRAME_SIZE_ERROR, "Pad Length.*4.2")),
    case("6.1", "padding counts on the windows", post(1),
         *[padded(1, b"x", 255) for _ in range(200)],
         data(1, b"x", end=True), answer(1, 200, b"x" * 201),
         that("credit for all of it",
              lambda c: c.credit - 65535 >= 200 * 257 - 32768)),
]

# ---- 6.2: HEADERS

CASES += [
    case("6.2", "HEADERS on stream 0", headers(0, GET_BLOCK),
         goaway(PROTOCOL_ERROR, "HEADERS: belongs to a stream.*6.2")),
    case("6.2", "padding is taken off",
         headers(1, pad(GET_BLOCK, 30), flags=END_HEADERS | PADDED),
         answer(1)),
    case("6.2", "priority fields are taken off",
         headers(1, PRIORITY_FIELDS + GET_BLOCK,
                 flags=END_HEADERS | PRIORITY_FLAG), answer(1)),
    case("6.2", "padding and priority fields are taken off",
         headers(1, pad(PRIORITY_FIELDS + GET_BLOCK, 3),
                 flags=END_HEADERS | PADDED | PRIORITY_FLAG), answer(1)),
    case("6.2", "padding before CONTINUATION is no part of the block",
         headers(1, pad(GET_BLOCK[:20], 9), flags=PADDED),
         continuation(1, GET_BLOCK[20:]), answer(1)),
    case("6.2", "padding longer than the payload",
         headers(1, b"\xf0" + GET_BLOCK, flags=END_HEADERS | PADDED),
         goaway(PROTOCOL_ERROR, "HEADERS on stream 1: padding.*6.1")),
    case("6.2", "padding that reaches into the priority fields",
         headers(1, b"\x01" + PRIORITY_FIELDS,
                 flags=END_HEADERS | PADDED | PRIORITY_FLAG),
         goaway(PROTOCOL_ERROR, "padding.*6.1")),
    case("6.2", "PADDED without Pad Length",
         headers(1, b"", flags=END_HEADERS | PADDED),
         goaway(FRAME_SIZE_ERROR, "Pad Length.*4.2")),
    case("6.2", "PRIORITY without room for its fields",
         headers(1, PRIORITY_FIELDS[:4], flags=END_HEADERS | PRIORITY_FLAG),
         goaway(FRAME_SIZE_ERROR, "mandatory.*4.2")),
    case("6.2", "PRIORITY and PADDED without room for its fields",
         headers(1, b"\0" + PRIORITY_FIELDS[:4],
                 flags=END_HEADERS | PADDED | PRIORITY_FLAG),
         goaway(FRAME_SIZE_ERROR, "mandatory.*4.2")),
]

# ---- 6.3, 6.4: PRIORITY, RST_STREAM

CASES += [
    case("6.3", "PRIORITY on stream 0", priority(0),
         goaway(PROTOCOL_ERROR, "PRIORITY: belongs to a stream.*6.3")),
    case("6.3", "PRIORITY of 4 octets", post(1), frame(PRIORITY, 0, 1,
                                                       bytes(4)),
         reset(1, FRAME_SIZE_ERROR, "5 octets.*6.3")),
    case("6.3", "PRIORITY of 6 octets", post(1), frame(PRIORITY, 0, 1,
                                                       bytes(6)),
         reset(1, FRAME_SIZE_ERROR, "5 octets.*6.3")),
    case("6.3", "PRIORITY of 4 octets on an idle stream",
         frame(PRIORITY, 0, 1, bytes(4)),
         goaway(FRAME_SIZE_ERROR, "5 octets.*6.3")),
    case("6.3", "PRIORITY is received on any stream", priority(1), post(1),
         priority(1, 3, 0), priority(1, 0, 255), data(1, end=True),
         answered(1), priority(1), priority(3, 1), answer(1)),
    case("6.3", "the exclusive bit of PRIORITY", post(1),
         priority(1, 3 | RESERVED), data(1, end=True), answer(1)),
    case("6.4", "RST_STREAM on stream 0", rst(0),
         goaway(PROTOCOL_ERROR, "RST_STREAM: belongs to a stream.*6.4")),
    case("6.4", "RST_STREAM of 3 octets", post(1),
         frame(RST_STREAM, 0, 1, bytes(3)),
         goaway(FRAME_SIZE_ERROR, "RST_STREAM on stream 1: .*4 octets.*6.4")),
    case("6.4", "RST_STREAM of 5 octets", post(1),
         frame(RST_STREAM, 0, 1, bytes(5)),
         goaway(FRAME_SIZE_ERROR, "4 octets.*6.4")),
    case("6.4", "RST_STREAM of 0 octets on a closed stream", get(1),
         answered(1), frame(RST_STREAM, 0, 1),
         goaway(FRAME_SIZE_ERROR, "4 octets.*6.4")),
    case("6.4", "RST_STREAM ends a response", get(1, "/big.py?size=500000"),
         started(1), rst(1), synced, window(0, 400000), window(1, 400000),
         that("no more DATA", lambda c: len(c.streams[1].body) < 500000,
              wait=False), auto_window=False),
    case("6.4", "RST_STREAM of a pushed stream",
         get(1, "/checked.py?case=refuse_push_below"), answered(1), rst(8)),
]

# ---- 6.6, 6.7, 6.8: PUSH_PROMISE, PING, GOAWAY

CASES += [
    case("6.6", "PUSH_PROMISE on stream 0", push_promise(0, 2),
         goaway(PROTOCOL_ERROR, "PUSH_PROMISE: belongs to a stream.*6.6")),
    case("6.6", "PUSH_PROMISE of 3 octets", post(1),
         frame(PUSH_PROMISE, END_HEADERS, 1, bytes(3)),
         goaway(FRAME_SIZE_ERROR, "promised.*6.6")),
    case("6.6", "the server promises nothing when ENABLE_PUSH is 0",
         get(1, "/checked.py?case=refuse_push_disabled"), answered(1),
         that("no PUSH_PROMISE", lambda c: not any(
             f.type == PUSH_PROMISE for f in c.frames)), settings={2: 0}),
    case("6.6", "the server promises on an open stream, before its end",
         get(1, "/checked.py?case=push"), answered(1), answered(2),
         that("PUSH_PROMISE first", lambda c: c.streams[1].frames[0].type
              == PUSH_PROMISE and c.streams[2].body == b"pushed")),
    case("6.7", "PING is answered with the same octets",
         ping(b"\0\1\2\xff\xfe\xfd\x80\x7f"),
         that("echo", lambda c: c.pongs == [b"\0\1\2\xff\xfe\xfd\x80\x7f"])),
    case("6.7", "PINGs are answered in order", *[
        ping(b"%08d" % i) for i in range(50)],
         that("50 in order", lambda c: c.pongs[:50] == [
             b"%08d" % i for i in range(50)])),
    case("6.7", "PING with ACK is not answered", ping(b"unasked!", ACK),
         that("no answer", lambda c: b"unasked!" not in c.pongs,
              wait=False)),
    case("6.7", "PING is answered while a script runs",
         get(1, "/note.py?wait=go"), ping(b"meantime"),
         waits(lambda c: b"meantime" in c.pongs), get(3, "/note.py?set=go"),
         answered(1), that("at once", lambda c: c.frames.index(
             Frame(PING, ACK, 0, b"meantime"))
             < c.frames.index(c.streams[3].frames[0]))),
    case("6.7", "PING on a stream", frame(PING, 0, 1, bytes(8)),
         goaway(PROTOCOL_ERROR, "PING on stream 1: belongs to the conn.*6.7")),
    case("6.7", "PING of 7 octets", frame(PING, 0, 0, bytes(7)),
         goaway(FRAME_SIZE_ERROR, "8 octets.*6.7")),
    case("6.7", "PING of 9 octets", frame(PING, 0, 0, bytes(9)),
         goaway(FRAME_SIZE_ERROR, "8 octets.*6.7")),
    case("6.7", "PING with ACK of 0 octets", frame(PING, ACK),
         goaway(FRAME_SIZE_ERROR, "8 octets.*6.7")),
    case("6.8", "GOAWAY on a stream", frame(GOAWAY, 0, 1, bytes(8)),
         goaway(PROTOCOL_ERROR, "GOAWAY on stream 1: .*6.8")),
    case("6.8", "GOAWAY of 7 octets", frame(GOAWAY, 0, 0, bytes(7)),
         goaway(FRAME_SIZE_ERROR, "8 octets.*6.8")),
    case("6.8", "GOAWAY with debug data",
         goaway_frame(0, NO_ERROR, b"why not" * 100)),
    case("6.8", "streams go on after the client's GOAWAY", post(1),
         goaway_frame(), data(1, b"abc", end=True), answer(1, 200, b"abc")),
    case("6.8", "the server does not push after the client's GOAWAY",
         post(1, "/checked.py?case=push"), goaway_frame(0), data(1, end=True),
         answered(1), that("no PUSH_PROMISE", lambda c: not c.streams[
             1].pushes)),
    case("6.8", "the last stream of a second GOAWAY is lower",
         goaway_frame(8), goaway_frame(6)),
    case("6.8", "the last stream of a second GOAWAY is higher",
         goaway_frame(6), goaway_frame(8),
         goaway(PROTOCOL_ERROR, "GOAWAY: .*above.*6.8")),
    case("6.8", "streams above the last one of the server's GOAWAY",
         post(1, "/show.py"), get(3, "/farewell.py"), answered(3), get(5),
         headers(7, GET_BLOCK + b"\x40" + string("x-sum") + string("42")),
         window(5, 1), rst(7), headers(1, b"\xbe"), answered(1),
         that("ignored, their blocks are not", lambda c: c.goaway[:2] == (3, 0)
              and b'["42"]' in c.streams[1].body
              and not c.streams[5].frames and not c.streams[7].frames,
              fatal=True)),
    case("6.8", "the reserved bit of the last stream",
         goaway_frame(6), goaway_frame(6 | RESERVED)),
]

# ---- 6.10: CONTINUATION; 7: error codes

CASES += [
    case("6.10", "CONTINUATION on stream 0", continuation(0),
         goaway(PROTOCOL_ERROR, "CONTINUATION: belongs to a stream.*6.10")),
    case("6.10", "CONTINUATION behind HEADERS with END_HEADERS", post(1),
         continuation(1), goaway(PROTOCOL_ERROR, "no header block.*6.10")),
    case("6.10", "CONTINUATION behind DATA", post(1), data(1, b"x"),
         continuation(1), goaway(PROTOCOL_ERROR, "no header block.*6.10")),
    case("6.10", "CONTINUATION behind one with END_HEADERS",
         headers(1, GET_BLOCK, flags=0), continuation(1), continuation(1),
         goaway(PROTOCOL_ERROR, "no header block.*6.10")),
    case("6.10", "CONTINUATION behind trailers", post(1),
         headers(1, [("x-sum", "1")]), continuation(1),
         goaway(PROTOCOL_ERROR, "no header block.*6.10")),
    case("7", "an unknown code in RST_STREAM", post(1), rst(1, 0xfffffff0),
         silent(1)),
    case("7", "an unknown code in GOAWAY", goaway_frame(0, 0x12345678),
         get(1), answer(1)),
]
