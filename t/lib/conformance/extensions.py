# SPDX-License-Identifier: MIT
"""Cases of other RFCs: priorities of RFC 7540, extended CONNECT (RFC 8441),
priorities of RFC 9218."""
from rawclient import (DATA, END_HEADERS, INITIAL_WINDOW_SIZE, PRIORITY_FLAG,
                       RST_STREAM)

from conformance.case import (answer, answered, case, goaway, received, reset,
                              silent, started, synced, that, waits)
from conformance.wire import (ENABLE_CONNECT_PROTOCOL, FRAME_SIZE_ERROR,
                              GET_BLOCK, MAX, NO_RFC7540_PRIORITIES,
                              PRIORITY_UPDATE, PROTOCOL_ERROR, data, frame,
                              get, headers, post, priority, priority_update,
                              rst, settings, window)

# ---- RFC 7540: a stream cannot depend on itself

OLD = "RFC 7540 5.3.1"
CASES = [
    case(OLD, "PRIORITY of an open stream that depends on itself", post(1),
         priority(1, 1), reset(1, PROTOCOL_ERROR, "itself.*7540 5.3.1")),
    case(OLD, "PRIORITY of an idle stream that depends on itself",
         priority(1, 1), goaway(PROTOCOL_ERROR, "itself.*7540 5.3.1")),
    case(OLD, "HEADERS of a stream that depends on itself",
         headers(1, b"\0\0\0\1\x0f" + GET_BLOCK,
                 flags=END_HEADERS | PRIORITY_FLAG),
         reset(1, PROTOCOL_ERROR, "itself.*7540 5.3.1")),
    case(OLD, "a stream that depends on a later one", priority(1, 99), get(1),
         answer(1)),
]

# ---- RFC 8441: extended CONNECT


def connect(*more, path="/tunnel.py"):
    """Returns the fields of an extended CONNECT request."""
    return ((":method", "CONNECT"), (":protocol", "shout"),
            (":scheme", "https"), (":path", path),
            (":authority", "localhost"), *more)


def refused(section, title, text, fields, **more):
    """Returns a case of a malformed CONNECT request."""
    return case(section, title, headers(1, fields, end=False),
                reset(1, PROTOCOL_ERROR, text), **more)


TUNNEL = headers(1, connect(), end=False)
CASES += [
    case("RFC 8441 3", "the server says that it has extended CONNECT",
         that("ENABLE_CONNECT_PROTOCOL 1", lambda c: c.settings.get(
             ENABLE_CONNECT_PROTOCOL) == 1)),
    case("RFC 8441 3", "the server can be told to have none",
         that("no ENABLE_CONNECT_PROTOCOL", lambda c: c.settings and
              ENABLE_CONNECT_PROTOCOL not in c.settings), profile="other"),
    refused("RFC 8441 3", ":protocol when the server has none",
            "requests do not have.*8.3.1", connect(), profile="other"),
    case("RFC 8441 3", "ENABLE_CONNECT_PROTOCOL of 1 from the client",
         settings((ENABLE_CONNECT_PROTOCOL, 1)), silent(1)),
    case("RFC 8441 3", "ENABLE_CONNECT_PROTOCOL of 2",
         settings((ENABLE_CONNECT_PROTOCOL, 2)),
         goaway(PROTOCOL_ERROR, "ENABLE_CONNECT_PROTOCOL.*8441 3")),
    case("RFC 8441 4", "extended CONNECT reaches its script", TUNNEL,
         that("200", lambda c: c.streams[1].status == 200)),
    refused("RFC 8441 4", "extended CONNECT without :scheme",
            "without :scheme or :path.*8441 4",
            [f for f in connect() if f[0] != ":scheme"]),
    refused("RFC 8441 4", "extended CONNECT without :path",
            "without :scheme or :path.*8441 4",
            [f for f in connect() if f[0] != ":path"]),
    refused("RFC 8441 4", ":protocol with another method",
            "not CONNECT.*8441 4",
            [(n, "GET" if n == ":method" else v) for n, v in connect()]),
    refused("RFC 8441 4", ":protocol twice", "twice.*8.3",
            connect((":protocol", "shout"))),
    refused("RFC 8441 4", "an empty :protocol", ":protocol.*8441 4",
            [(n, "" if n == ":protocol" else v) for n, v in connect()]),
    refused("RFC 8441 4", "a :protocol that is no token",
            ":protocol.*8441 4",
            [(n, "a b" if n == ":protocol" else v) for n, v in connect()]),
    refused("RFC 8441 4", ":protocol behind other fields",
            "after other.*8.3",
            [f for f in connect() if f[0] != ":protocol"]
            + [("x-test", "1"), (":protocol", "shout")]),
    case("RFC 8441 5", "octets go both ways before either side has ended",
         TUNNEL, data(1, b"abc"), received(1, 3), data(1, b"def"),
         that("ABCDEF", lambda c: c.streams[1].body == b"ABCDEF"
              and not c.streams[1].ended)),
    case("RFC 8441 5", "END_STREAM of either side ends the tunnel", TUNNEL,
         data(1, b"abc"), received(1, 3), data(1, end=True),
         answer(1, 200, b"ABC")),
    case("RFC 8441 5", "RST_STREAM ends the tunnel", TUNNEL, started(1),
         frame(RST_STREAM, 0, 1, b"\0\0\0\x08"), synced,
         that("nothing more", lambda c: not c.streams[1].ended, wait=False)),
    case("RFC 8441 5", "HEADERS in a tunnel", TUNNEL, started(1),
         headers(1, [("x-sum", "1")]),
         reset(1, PROTOCOL_ERROR, "tunnel.*8.5")),
    case("RFC 8441 5", "content-length means nothing in a tunnel",
         headers(1, connect(("content-length", "2")), end=False),
         data(1, b"abc"), data(1, b"def", end=True),
         answer(1, 200, b"ABCDEF")),
]

# ---- RFC 9218: priorities

FRAME = "RFC 9218 7.1"
CASES += [
    case("RFC 9218 2.1", f"NO_RFC7540_PRIORITIES of {value}",
         settings((NO_RFC7540_PRIORITIES, value)), outcome)
    for value, outcome in [
        (0, silent(1)), (1, silent(1)),
        (2, goaway(PROTOCOL_ERROR, "NO_RFC7540_PRIORITIES.*9218 2.1"))]
] + [
    case("RFC 9218 5", f"the field priority: {value or 'of no octets'}",
         get(1, "/quick.py", ("priority", value)), answer(1))
    for value in ["u=0", "u=7, i", "u=9", "i=?0, foo=bar", "((", "", "u=-1"]
] + [
    case(FRAME, "PRIORITY_UPDATE on a stream", priority_update(1, "u=1", 1),
         goaway(PROTOCOL_ERROR, "PRIORITY_UPDATE on stream 1: .*9218 7.1")),
    case(FRAME, "PRIORITY_UPDATE of 3 octets",
         frame(PRIORITY_UPDATE, 0, 0, bytes(3)),
         goaway(FRAME_SIZE_ERROR, "PRIORITY_UPDATE: .*9218 7.1")),
    case(FRAME, "PRIORITY_UPDATE of stream 0", priority_update(0, "u=1"),
         goaway(PROTOCOL_ERROR, "PRIORITY_UPDATE: .*not 0.*9218 7.1")),
    case(FRAME, "PRIORITY_UPDATE of a pushed stream that is idle",
         priority_update(2, "u=1"),
         goaway(PROTOCOL_ERROR, "PRIORITY_UPDATE: .*idle.*9218 7.1")),
    case(FRAME, "PRIORITY_UPDATE of a pushed stream",
         get(1, "/checked.py?case=refuse_push_below"), answered(1),
         priority_update(8, "u=1"), silent(3)),
    case(FRAME, "PRIORITY_UPDATE before its request",
         priority_update(1, "u=1"), get(1), answer(1)),
    case(FRAME, "PRIORITY_UPDATE without a value", post(1),
         priority_update(1, ""), data(1, end=True), answer(1)),
    case(FRAME, "PRIORITY_UPDATE with a value that does not parse", post(1),
         priority_update(1, "\xff\0(((="), data(1, end=True), answer(1)),
    case(FRAME, "PRIORITY_UPDATE of a closed stream", get(1), answered(1),
         priority_update(1, "u=1"), silent(3)),
    case(FRAME, "the reserved bit of the prioritized stream", post(1),
         priority_update(1 | 1 << 31, "u=1"), data(1, end=True), answer(1)),
]

# ---- RFC 9218 10: whose turn it is.  Scripts on streams 1 and 3 are in the
# middle of writing and have stream windows.  Stream 5 has used up the
# connection's window, which then opens in small pieces.  Before that, streams
# 1 and 3 each send a second piece, of one octet: only then do their scripts
# surely wait for window again.

BIG = "/big.py?size=200000&way=write"
FIRST = 1000                            # initial window of a stream, octets
PIECE, PIECES = 1000, 30                # octets of a piece; number of pieces


def octets(c):
    """Returns the number of octets of content that have come."""
    return sum(len(c.streams[sid].body) for sid in (1, 3, 5))


def piecemeal(c):
    """A step: opens the connection's window piece by piece, and waits for the
    content each time."""
    for i in range(1, PIECES + 1):
        c.send(window(0, PIECE))
        c.wait_for(lambda: c.end or octets(c) >= 65535 + i * PIECE)


def turns(c):
    """Returns the streams that the pieces went to, in order.  The first two
    DATA frames of each stream came before the pieces."""
    sids = [f.sid for f in c.frames if f.type == DATA and f.sid != 5]
    for sid in (1, 1, 3, 3):
        sids.remove(sid)
    return sids


def shared(title, first, second, between, words, test):
    """Returns a case of two large responses to requests with the
    priorities first and second.  between: steps before the pieces.
    test: takes turns()."""
    return case("RFC 9218 10", title, get(1, BIG, ("priority", first)),
                get(3, BIG, ("priority", second)), get(5, BIG),
                received(1, FIRST), received(3, FIRST), window(1, 1),
                window(3, 1), received(1, FIRST + 1), received(3, FIRST + 1),
                window(5, MAX - FIRST), waits(lambda c: octets(c) == 65535),
                rst(5), *between, window(1, 1 << 20), window(3, 1 << 20),
                synced,
                piecemeal, that(words, lambda c: test(turns(c)), wait=False),
                auto_window=False, probe=False,
                settings={INITIAL_WINDOW_SIZE: FIRST})


def all_to(sid):
    """A test of turns(): all pieces went to this stream."""
    return lambda t: len(t) >= PIECES and set(t) == {sid}


CASES += [
    shared("a more urgent stream comes first", "u=5", "u=1", [],
           "all is for the urgent one", all_to(3)),
    shared("a less urgent stream waits", "u=1", "u=5", [],
           "all is for the urgent one", all_to(1)),
    shared("u=3 is the default", "u=4", "i", [],
           "all is for the urgent one", all_to(3)),
    shared("an urgency out of range is none", "u=4", "u=8", [],
           "as if it were 3", all_to(3)),
    shared("PRIORITY_UPDATE changes whose turn it is", "u=2", "u=5",
           [priority_update(3, "u=0")], "all is for the urgent one",
           all_to(3)),
    shared("equally urgent streams take turns", "u=3", "u=3", [], "both",
           lambda t: min(t.count(1), t.count(3)) >= PIECES // 3),
]
