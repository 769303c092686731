# SPDX-License-Identifier: MIT
"""Cases of RFC 9113 §5: states and identifiers of streams, errors."""
from rawclient import DATA, HEADERS, RST_STREAM

from conformance.case import (answer, answered, case, goaway, reset, silent,
                              started, synced, that)
from conformance.wire import (GET_BLOCK, MAX, NO_ERROR, PROTOCOL_ERROR,
                              REFUSED_STREAM, STREAM_CLOSED, continuation,
                              data, frame, get, headers, ping, post, priority,
                              priority_update, rst, window)

# The steps by which stream 1 (8 in RESERVED, 5 in SKIPPED) comes to each
# state.  After them, the server has processed the frames.
IDLE = ()
OPEN = (post(1), synced)
HALF_REMOTE = (get(1, "/later.py?case=open_stream"), started(1))
HALF_LOCAL = (post(1, "/ended.py"), answered(1))
CLOSED = (get(1), answered(1), synced)
RESET_BY_CLIENT = (post(1), rst(1), synced)
RESET_BY_SERVER = (post(1), window(1, 0), answered(1))
# The script promises stream 8, and neither sends on it nor ends it.
RESERVED = (get(1, "/checked.py?case=refuse_push_below"), answered(1))
SKIPPED = (get(11), answered(11))

EXTRA = {
    "DATA": lambda sid: data(sid, b"x"),
    "empty DATA": data,
    "HEADERS": get,
    "CONTINUATION": lambda sid: continuation(sid, GET_BLOCK),
    "RST_STREAM": rst,
    "WINDOW_UPDATE": lambda sid: window(sid, 1),
    "WINDOW_UPDATE of 0": lambda sid: window(sid, 0),
    "PRIORITY": priority,
    "PRIORITY_UPDATE": lambda sid: priority_update(sid, "u=1"),
    "a frame of unknown type": lambda sid: frame(0xbb, 0xff, sid, b"x"),
}


def state(name, steps, sid, rows, **more):
    """Returns a case for each row: a frame on stream sid in one state.  A row
    is (key of EXTRA, outcomes...)."""
    return [case("5.1", f"{kind} on a stream that is {name}", *steps,
                 EXTRA[kind](sid), *outcomes, **more)
            for kind, *outcomes in rows]


def conn(code, text="5.1"):
    """An outcome: a connection error, whose text cites 5.1 by default."""
    return goaway(code, text)


CASES = state("idle", IDLE, 1, [
    ("DATA", conn(PROTOCOL_ERROR, "DATA on stream 1: .*idle.*5.1")),
    ("empty DATA", conn(PROTOCOL_ERROR, "idle.*5.1")),
    ("RST_STREAM", conn(PROTOCOL_ERROR, "RST_STREAM on .*idle.*5.1")),
    ("WINDOW_UPDATE", conn(PROTOCOL_ERROR, "WINDOW_UPDATE on .*idle.*5.1")),
    ("CONTINUATION", conn(PROTOCOL_ERROR, "no header block.*6.10")),
    ("PRIORITY", silent(1)),
    ("PRIORITY_UPDATE", silent(1)),
    ("a frame of unknown type", silent(1)),
]) + state("idle and the server's", IDLE, 2, [
    ("DATA", conn(PROTOCOL_ERROR, "idle.*5.1")),
    ("RST_STREAM", conn(PROTOCOL_ERROR, "idle.*5.1")),
    ("WINDOW_UPDATE", conn(PROTOCOL_ERROR, "idle.*5.1")),
    ("PRIORITY", silent(2)),
]) + state("open", OPEN, 1, [
    ("WINDOW_UPDATE", silent(1)),
    ("PRIORITY", silent(1)),
    ("PRIORITY_UPDATE", silent(1)),
    ("RST_STREAM", silent(1)),
    ("CONTINUATION", conn(PROTOCOL_ERROR, "no header block.*6.10")),
]) + state("half-closed (remote)", HALF_REMOTE, 1, [
    ("DATA", reset(1, STREAM_CLOSED, "half-closed.*5.1")),
    ("empty DATA", reset(1, STREAM_CLOSED, "half-closed.*5.1")),
    ("HEADERS", reset(1, STREAM_CLOSED, "half-closed.*5.1")),
    ("CONTINUATION", conn(PROTOCOL_ERROR, "no header block.*6.10")),
    ("WINDOW_UPDATE",),
    ("PRIORITY",),
    ("RST_STREAM",),
    ("a frame of unknown type",),
]) + state("half-closed (local)", HALF_LOCAL, 1, [
    ("DATA",),
    ("WINDOW_UPDATE",),
    ("PRIORITY",),
    ("RST_STREAM",),
    ("WINDOW_UPDATE of 0", that(
        "RST_STREAM PROTOCOL_ERROR", lambda c: any(
            f.type == RST_STREAM and f.payload == b"\0\0\0\1"
            for f in c.streams[1].frames), resets=[1])),
]) + state("closed by END_STREAM", CLOSED, 1, [
    ("DATA", conn(STREAM_CLOSED, "DATA on stream 1: .*closed.*5.1")),
    ("empty DATA", conn(STREAM_CLOSED, "closed.*5.1")),
    ("HEADERS", conn(STREAM_CLOSED, "HEADERS on stream 1: .*closed.*5.1")),
    ("CONTINUATION", conn(PROTOCOL_ERROR, "no header block.*6.10")),
    ("WINDOW_UPDATE",),
    ("RST_STREAM",),
    ("PRIORITY",),
    ("PRIORITY_UPDATE",),
    ("a frame of unknown type",),
]) + state("closed by the client's RST_STREAM", RESET_BY_CLIENT, 1, [
    ("DATA", conn(STREAM_CLOSED, "closed.*5.1")),
    ("HEADERS", conn(STREAM_CLOSED, "closed.*5.1")),
    ("WINDOW_UPDATE",),
    ("RST_STREAM",),
    ("PRIORITY",),
]) + state("closed by the server's RST_STREAM", RESET_BY_SERVER, 1, [
    (kind, that("ignored", lambda c: sum(
        f.type == RST_STREAM for f in c.streams[1].frames) == 1,
        wait=False, resets=[1]))
    for kind in ("DATA", "empty DATA", "HEADERS", "WINDOW_UPDATE",
                 "WINDOW_UPDATE of 0", "RST_STREAM", "PRIORITY",
                 "PRIORITY_UPDATE", "a frame of unknown type")
]) + state("reserved (local)", RESERVED, 8, [
    ("DATA", conn(PROTOCOL_ERROR, "reserved.*5.1")),
    ("HEADERS", conn(PROTOCOL_ERROR, "odd-numbered.*5.1.1")),
    ("WINDOW_UPDATE",),
    ("RST_STREAM",),
    ("PRIORITY",),
    ("PRIORITY_UPDATE",),
]) + state("closed for being skipped", SKIPPED, 5, [
    ("DATA", conn(STREAM_CLOSED, "closed.*5.1")),
    ("WINDOW_UPDATE", silent(5)),
    ("RST_STREAM", silent(5)),
    ("PRIORITY", silent(5)),
]) + [
    case("5.1", "DATA and trailers on a stream that the server ended",
         *HALF_LOCAL, data(1, b"abc"),
         headers(1, [("x-sum", "1")]), synced, data(1, b"x"),
         conn(STREAM_CLOSED, "closed.*5.1")),
    case("5.1", "DATA after trailers", post(1), headers(1, [("x-sum", "1")]),
         answered(1), data(1, b"x"), conn(STREAM_CLOSED, "closed.*5.1")),
    case("5.1", "DATA after END_STREAM", post(1), data(1, b"x", end=True),
         answered(1), data(1, b"y"), conn(STREAM_CLOSED, "closed.*5.1")),
    case("5.1", "frames that race a reset count on the connection's window",
         *RESET_BY_SERVER, *[data(1, bytes(16384)) for _ in range(8)],
         that("credit comes back", lambda c: c.credit >= 65535 + 98304,
              resets=[1])),
    case("5.1", "PRIORITY of an idle stream does not open it", priority(9),
         get(5), answer(5)),
]

# ---- 5.1.1: numbers

CASES += [
    case("5.1.1", "HEADERS on an even stream", get(2),
         goaway(PROTOCOL_ERROR, "HEADERS on stream 2: .*odd.*5.1.1")),
    case("5.1.1", "HEADERS on an even stream above the odd ones", get(1),
         get(6), goaway(PROTOCOL_ERROR, "stream 6: .*odd.*5.1.1")),
    case("5.1.1", "HEADERS on a stream below an earlier one", get(5),
         answered(5), get(3),
         goaway(PROTOCOL_ERROR, "HEADERS on stream 3: .*above.*5.1.1")),
    case("5.1.1", "HEADERS on a skipped stream, the first", get(3),
         answered(3), get(1), goaway(PROTOCOL_ERROR, "above.*5.1.1")),
    case("5.1.1", "HEADERS on a stream skipped long ago", get(5),
         *[get(n) for n in range(7, 63, 2)], answered(61), get(3),
         goaway(PROTOCOL_ERROR, "above.*5.1.1")),
    case("5.1.1", "numbers may be skipped", get(1), get(7), get(41),
         answer(1), answer(7), answer(41)),
    case("5.1.1", "the largest number there is", get(MAX), answer(MAX),
         probe=False),
    case("5.1.1", "the server's streams are even and grow",
         get(1, "/checked.py?case=push"), answered(1),
         get(3, "/checked.py?case=push"), answered(3),
         that("2, 4", lambda c: [sid for x in (1, 3) for sid, _ in
                                 c.streams[x].pushes] == [2, 4])),
]

# ---- 5.1.2: how many

LATER = range(5, 63, 2)


def until_taken(c):
    """A step: opens streams until the server does not refuse one.  A stream
    that was reset counts until its script knows of the reset."""
    for sid in LATER:
        c.send(get(sid))
        answered(sid)(c)
        if c.streams[sid].status or c.end:
            return
        c.wait_for(lambda: c.end, 0.1)


CASES += [
    case("5.1.2", "streams up to SETTINGS_MAX_CONCURRENT_STREAMS",
         post(1), post(3), data(1, end=True), data(3, end=True), answer(1),
         answer(3), profile="other"),
    case("5.1.2", "a stream above SETTINGS_MAX_CONCURRENT_STREAMS",
         post(1), post(3), get(5),
         reset(5, REFUSED_STREAM, "max-concurrent-streams.*5.1.2"),
         profile="other", probe=False),
    case("5.1.2", "a stream that is half-closed (remote) counts",
         get(1, "/later.py?case=open_stream"), started(1), post(3), get(5),
         reset(5, REFUSED_STREAM, "max-concurrent-streams.*5.1.2"),
         profile="other", probe=False),
    case("5.1.2", "a stream that is half-closed (local) counts",
         post(1, "/ended.py"), answered(1), post(3), get(5),
         reset(5, REFUSED_STREAM, "max-concurrent-streams.*5.1.2"),
         profile="other", probe=False),
    case("5.1.2", "a stream that has ended makes room",
         post(1), post(3), data(1, end=True), answered(1), get(5), answer(5),
         profile="other", probe=False),
    case("5.1.2", "a stream that was reset makes room",
         post(1), post(3), rst(1), synced, until_taken,
         that("another is answered", lambda c: any(
             c.streams[n].status for n in LATER), resets=LATER),
         profile="other", probe=False),
    case("5.1.2", "PRIORITY and skipped numbers open no stream",
         priority(21), priority(23), get(31), answer(31), profile="other"),
    case("5.1.2", "the server keeps to the client's",
         get(1, "/checked.py?case=push"), answered(1),
         that("no pushed stream", lambda c: not any(
             f.type in (HEADERS, DATA) and f.sid % 2 == 0 and f.sid
             for f in c.frames)), settings={3: 0}),
]

# ---- 5.4, 5.5

CASES += [
    case("5.4.1", "GOAWAY names the last stream that was taken",
         get(1), get(3), answered(1), answered(3), ping(b"short"),
         goaway(6, "PING.*6.7", last=3)),
    case("5.4.1", "GOAWAY names 0 when there was none", ping(b"short"),
         goaway(6, "PING.*6.7", last=0)),
    case("5.4.1", "GOAWAY comes behind what was sent before it",
         get(1), answered(1), frame(DATA, 0, 0), goaway(PROTOCOL_ERROR),
         answer(1, 200, b"quick")),
    case("5.4.1", "nothing after an error is heard", frame(DATA) + get(1),
         goaway(PROTOCOL_ERROR, last=0), silent(1)),
    case("5.4.2", "RST_STREAM is not answered with RST_STREAM",
         post(1), rst(1), rst(1), rst(1, NO_ERROR), silent(1)),
    case("5.4.2", "no frame follows the server's RST_STREAM",
         get(1, "/big.py?size=500000"), started(1), window(1, 0), synced,
         window(0, 100000),
         that("last", lambda c: c.streams[1].frames[-1].type == RST_STREAM,
              wait=False, resets=[1])),
    case("5.4.2", "other streams go on", post(1), post(3), window(1, 0),
         data(3, b"abc", end=True), reset(1, PROTOCOL_ERROR),
         answer(3, 200, b"abc")),
    case("5.5", "a thousand frames of unknown type",
         frame(0xbb, 0x55, 3, b"x") * 1000, silent(3)),
]
