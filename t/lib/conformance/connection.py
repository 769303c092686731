# SPDX-License-Identifier: MIT
"""Cases of RFC 9113 §3 and §4: connection preface, frames, header blocks."""

from rawclient import (CONTINUATION, DATA, END_HEADERS, GOAWAY, PING, PREFACE,
                       PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE)

from conformance.case import (answer, answered, case, goaway, reset, settled,
                              silent, synced, that)
from conformance.wire import (COMPRESSION_ERROR, FRAME_SIZE_ERROR, GET_BLOCK,
                              POST_BLOCK, PROTOCOL_ERROR, RESERVED,
                              SETTINGS_ACK, continuation, data, frame, get,
                              goaway as goaway_frame, headers, integer, ping,
                              post, priority, priority_update, push_promise,
                              rst, settings, string, window)

HTTP1 = (b"GET /quick.py HTTP/1.1\r\nHost: localhost\r\n"
         b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
         b"HTTP2-Settings: AAMAAABk\r\n\r\n")


def octet_by_octet(octets):
    """A step: sends octets one by one."""
    def step(c):
        for i in range(len(octets)):
            c.send(octets[i:i + 1])
    return step


def http1_answer(c):
    """A test: the server has sent an HTTP/1.1 response with 505 and closed."""
    c.pump()
    return c.leftover().startswith(b"HTTP/1.1 505 ") and c.wait_end()


def frames_of(c, kind, sid):
    """Returns the frames of a type that came on a stream."""
    return [f for f in c.frames if (f.type, f.sid) == (kind, sid)]


# ---- 3: starting

CASES = [
    case("3.2", "ALPN \"h2\" is chosen among others",
         that("h2", lambda c: c.tls.selected_alpn_protocol() == "h2"),
         transport="TLS", alpn=["http/1.1", "h2", "foo"]),
    case("3.2", "TLS 1.2 or later (9.2)",
         that("TLS 1.2 or 1.3",
              lambda c: c.tls.version() in ("TLSv1.2", "TLSv1.3")),
         transport="TLS"),
    case("3.2", "no TLS compression (9.2.1)",
         that("none", lambda c: c.tls.compression() is None),
         transport="TLS"),
    case("3.3", "HTTP/1.1 with Upgrade: h2c is not upgraded", HTTP1,
         that("505 in HTTP/1.1", http1_answer, fatal=True),
         transport="cleartext", preface=False),
    case("3.4", "the server's first frame is SETTINGS",
         that("SETTINGS", lambda c: c.frames and c.frames[0].type == SETTINGS
              and c.frames[0].flags == 0 and c.frames[0].sid == 0)),
    case("3.4", "a request before the server's SETTINGS", get(1),
         answer(1, 200, b"quick")),
    case("3.4", "preface and request octet by octet",
         octet_by_octet(PREFACE + settings() + get(1)),
         answer(1, 200, b"quick"), preface=False),
    case("3.4", "preface, SETTINGS and request in one piece",
         PREFACE + settings() + get(1), answer(1, 200, b"quick"),
         preface=False),
    case("3.4", "the client's SETTINGS are acknowledged",
         that("ACK", lambda c: c.settings_acks == 1)),
    case("3.4", "other octets instead of the preface",
         b"\x16\x03\x01\x00\xff" + bytes(40),
         goaway(PROTOCOL_ERROR, "preface.*3.4"), preface=False),
    case("3.4", "a preface that is wrong in its last octet",
         PREFACE[:-1] + b"\r" + settings(),
         goaway(PROTOCOL_ERROR, "preface.*3.4"), preface=False),
    case("3.4", "an HTTP/1 request where ALPN has said h2", HTTP1,
         goaway(PROTOCOL_ERROR, "HTTP/1.*3.4"), preface=False,
         transport="TLS"),
    case("3.4", "a second preface", PREFACE,
         goaway(FRAME_SIZE_ERROR, "4.2")),
] + [
    case("3.4", f"{name} as the client's first frame", PREFACE + first,
         goaway(PROTOCOL_ERROR, "first frame is SETTINGS.*3.4"),
         preface=False)
    for name, first in [
        ("PING", ping()), ("HEADERS", get(1)), ("SETTINGS ACK", SETTINGS_ACK),
        ("WINDOW_UPDATE", window(0, 1)), ("PRIORITY", priority(1)),
        ("a frame of unknown type", frame(0xbb)), ("GOAWAY", goaway_frame())]
]

# ---- 4.1: unknown types and flags, reserved bits

CASES += [
    case("4.1", f"a frame of unknown type {where}", *before,
         frame(0xbb, 0xff, sid, b"whatever"), goes)
    for where, before, sid, goes in [
        ("on the connection", [], 0, silent(2)),
        ("on an idle stream", [], 5, silent(5)),
        ("on a closed stream", [get(1), answered(1)], 1, answer(1)),
        ("on an open stream", [post(1)], 1, silent(1))]
] + [
    case("4.1", "a frame of unknown type without payload", frame(0x7f)),
    case("4.1", "a frame of unknown type as long as may be",
         frame(0xbb, 0, 0, bytes(16384))),
    case("4.1", "a frame of the type ALTSVC", frame(0x0a, 0, 1, bytes(9))),
    case("4.1", "unknown flags of HEADERS",
         headers(1, GET_BLOCK, flags=END_HEADERS | 0xd2), answer(1)),
    case("4.1", "unknown flags of DATA", post(1),
         frame(DATA, 0xf7, 1, b"abc"), answer(1, 200, b"abc")),
    case("4.1", "unknown flags of PRIORITY",
         frame(PRIORITY, 0xff, 1, bytes(5)[:4] + b"\x0f")),
    case("4.1", "unknown flags of RST_STREAM", post(1),
         frame(RST_STREAM, 0xff, 1, bytes(4)), silent(1)),
    case("4.1", "unknown flags of SETTINGS", frame(SETTINGS, 0xfe),
         that("acknowledged", lambda c: c.settings_acks == 2)),
    case("4.1", "unknown flags of PING", frame(PING, 0xfe, 0, b"flagged?"),
         that("answered", lambda c: b"flagged?" in c.pongs)),
    case("4.1", "unknown flags of GOAWAY", frame(GOAWAY, 0xff, 0, bytes(8))),
    case("4.1", "unknown flags of WINDOW_UPDATE",
         frame(WINDOW_UPDATE, 0xff, 0, b"\0\0\0\1")),
    case("4.1", "unknown flags of CONTINUATION",
         headers(1, b"", flags=0), frame(CONTINUATION, 0xff, 1, GET_BLOCK),
         answer(1)),
    case("4.1", "the reserved bit of HEADERS", headers(1 | RESERVED,
                                                       GET_BLOCK),
         answer(1)),
    case("4.1", "the reserved bit of DATA", post(1),
         data(1 | RESERVED, b"abc", end=True), answer(1, 200, b"abc")),
    case("4.1", "the reserved bit of PING",
         frame(PING, 0, RESERVED, b"reserved"),
         that("answered", lambda c: b"reserved" in c.pongs)),
    case("4.1", "the reserved bit of SETTINGS", frame(SETTINGS, 0, RESERVED),
         that("acknowledged", lambda c: c.settings_acks == 2)),
    case("4.1", "frames of octets that come one by one",
         octet_by_octet(post(1) + data(1, b"abc") + data(1, end=True)),
         answer(1, 200, b"abc")),
]

# ---- 4.2: length

LONG = bytes(16385)
CASES += [
    case("4.2", "DATA of 16384 octets", post(1),
         data(1, bytes(16384), end=True), answer(1, 200, bytes(16384))),
    case("4.2", "HEADERS of 16384 octets",
         headers(1, GET_BLOCK + b"\0" + string("x-long") + integer(
             16384 - len(GET_BLOCK) - 11, 7)
             + b"v" * (16384 - len(GET_BLOCK) - 11)), answer(1)),
    case("4.2", "DATA longer than SETTINGS_MAX_FRAME_SIZE", post(1),
         data(1, LONG), goaway(FRAME_SIZE_ERROR, "MAX_FRAME_SIZE.*4.2")),
    case("4.2", "HEADERS longer than SETTINGS_MAX_FRAME_SIZE",
         headers(1, LONG), goaway(FRAME_SIZE_ERROR, "MAX_FRAME_SIZE.*4.2")),
    case("4.2", "CONTINUATION longer than SETTINGS_MAX_FRAME_SIZE",
         headers(1, b"", flags=0), continuation(1, LONG),
         goaway(FRAME_SIZE_ERROR, "MAX_FRAME_SIZE.*4.2")),
    case("4.2", "SETTINGS longer than SETTINGS_MAX_FRAME_SIZE",
         frame(SETTINGS, 0, 0, bytes(16386)),
         goaway(FRAME_SIZE_ERROR, "MAX_FRAME_SIZE.*4.2")),
    case("4.2", "an unknown frame longer than SETTINGS_MAX_FRAME_SIZE",
         frame(0xbb, 0, 0, LONG),
         goaway(FRAME_SIZE_ERROR, "MAX_FRAME_SIZE.*4.2")),
    case("4.2", "the largest length there is, refused by its header",
         b"\xff\xff\xff" + frame(DATA, 0, 1)[3:],
         goaway(FRAME_SIZE_ERROR, "MAX_FRAME_SIZE.*4.2")),
    case("4.2", "a MAX_FRAME_SIZE of the server's own is kept to", settled,
         post(1), data(1, bytes(100)), frame(0xbb, 0, 0, bytes(100000)),
         frame(0xbb, 0, 0, bytes(100001)),
         goaway(FRAME_SIZE_ERROR, "MAX_FRAME_SIZE.*4.2"), profile="other"),
    case("4.2", "frames sent are no longer than 16384 by default",
         get(1, "/big.py?size=60000"),
         that("16384", lambda c: max(map(len, c.streams[1].data), default=0)
              == 16384)),
    case("4.2", "a large header block is sent as HEADERS and CONTINUATION",
         get(1, "/checked.py?case=headers_large"), answered(1),
         that("CONTINUATION", lambda c: frames_of(c, CONTINUATION, 1)
              and len(c.streams[1].header("x-large")) == 50000)),
    case("4.2", "frames sent may be as long as the client's MAX_FRAME_SIZE",
         get(1, "/big.py?size=60000&way=write"),
         that("longer than 16384", lambda c: max(
             map(len, c.streams[1].data), default=0) > 16384),
         settings={5: 65536}),
]

# ---- 4.3: header blocks

OPEN = headers(1, GET_BLOCK[:9], flags=0)
REST = continuation(1, GET_BLOCK[9:])
CASES += [
    case("4.3", f"{name} inside of a header block", OPEN, inside,
         goaway(PROTOCOL_ERROR, "header block.*4.3|6.10"))
    for name, inside in [
        ("DATA", data(1, b"x")), ("HEADERS of the same stream", get(1)),
        ("HEADERS of another stream", get(3)), ("PRIORITY", priority(1)),
        ("RST_STREAM", rst(1)), ("SETTINGS", settings()),
        ("SETTINGS ACK", SETTINGS_ACK), ("PING", ping()),
        ("PUSH_PROMISE", push_promise(1, 2)), ("GOAWAY", goaway_frame()),
        ("WINDOW_UPDATE of the stream", window(1, 1)),
        ("WINDOW_UPDATE of the connection", window(0, 1)),
        ("CONTINUATION of another stream", continuation(3)),
        ("PRIORITY_UPDATE", priority_update(1, "u=1")),
        ("a frame of unknown type", frame(0xbb, 0, 1))]
] + [
    case("4.3", "a block in HEADERS and CONTINUATION", OPEN, REST, answer(1)),
    case("4.3", "a block cut in each octet that a frame may have",
         headers(1, b"", flags=0), *[
             continuation(1, GET_BLOCK[i * 13:i * 13 + 13], end=i == 6)
             for i in range(7)], answer(1)),
    case("4.3", "empty fragments", headers(1, b"", flags=0),
         continuation(1, b"", end=False), continuation(1, GET_BLOCK, False),
         continuation(1), answer(1)),
    case("4.3", "END_STREAM of HEADERS holds when CONTINUATION ends the block",
         headers(1, POST_BLOCK, end=True, flags=0), continuation(1),
         answer(1)),
    case("4.3", "trailers in HEADERS and CONTINUATION",
         post(1, "/show.py"), headers(1, b"", flags=0),
         continuation(1, b"\0\5x-sum\1" b"7"),
         that("[\"7\"] for the script", lambda c: b'["7"]' in
              c.streams[1].body)),
    case("4.3", "a block that does not decode", headers(1, b"\x80"),
         goaway(COMPRESSION_ERROR, "decoded.*4.3")),
    case("4.3", "trailers that do not decode", post(1), headers(1, b"\x80"),
         goaway(COMPRESSION_ERROR, "decoded.*4.3")),
    case("4.3", "a block cut short of its last octet",
         headers(1, GET_BLOCK[:-1]),
         goaway(COMPRESSION_ERROR, "decoded.*4.3")),
    case("4.3", "a block that does not decode, of a stream that was reset",
         post(1), window(1, 0), synced, headers(1, b"\x80"),
         goaway(COMPRESSION_ERROR, "decoded.*4.3")),
    case("4.3", "a block of a stream that was reset goes into the table",
         post(1), window(1, 0), synced,
         headers(1, b"\x40" + string("x-sum") + string("1")),
         headers(3, GET_BLOCK + b"\xbe"),
         reset(1, PROTOCOL_ERROR), answer(3)),
    case("4.3", "a block of a refused stream goes into the table",
         post(1), post(3), headers(5, GET_BLOCK + b"\x40" + string("x-sum")
                                   + string("1")), synced,
         data(1, end=True), answered(1), headers(7, GET_BLOCK + b"\xbe"),
         reset(5, 7), answer(7), profile="other", probe=False),
    case("4.3", "a block of a malformed request goes into the table",
         headers(1, b"\x40" + string("x-sum") + string("1")),
         headers(3, GET_BLOCK + b"\xbe"), reset(1, PROTOCOL_ERROR),
         answer(3)),
]
