# SPDX-License-Identifier: MIT
"""Cases of RFC 9113 §6.5: SETTINGS."""
from rawclient import (ACK, ENABLE_PUSH, HEADER_TABLE_SIZE,
                       INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS,
                       MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE, SETTINGS)

from conformance.case import (answer, answered, case, goaway, reset, settled,
                              synced, that)
from conformance.wire import (FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, MAX,
                              PROTOCOL_ERROR, SETTINGS_ACK, data, frame, get,
                              post, settings)

ACKED = that("acknowledged", lambda c: c.settings_acks == 2)
BIG = "/big.py?size=60000&way=write"

CASES = [
    case("6.5", "SETTINGS on a stream", frame(SETTINGS, 0, 1),
         goaway(PROTOCOL_ERROR, "SETTINGS on stream 1: belongs to.*6.5")),
    case("6.5", "SETTINGS ACK on a stream", frame(SETTINGS, ACK, 1),
         goaway(PROTOCOL_ERROR, "SETTINGS on stream 1: belongs to.*6.5")),
    case("6.5", "SETTINGS ACK with a payload",
         frame(SETTINGS, ACK, 0, bytes(6)),
         goaway(FRAME_SIZE_ERROR, "SETTINGS: an acknowledgement.*6.5")),
    case("6.5", "SETTINGS of 5 octets", frame(SETTINGS, 0, 0, bytes(5)),
         goaway(FRAME_SIZE_ERROR, "multiple of 6.*6.5")),
    case("6.5", "SETTINGS of 7 octets", frame(SETTINGS, 0, 0, bytes(7)),
         goaway(FRAME_SIZE_ERROR, "multiple of 6.*6.5")),
    case("6.5", "empty SETTINGS", settings(), ACKED),
    case("6.5", "the same setting twice: the last one holds",
         settings((INITIAL_WINDOW_SIZE, 10), (INITIAL_WINDOW_SIZE, 70000)),
         ACKED, get(1, BIG), answer(1)),
    case("6.5", "settings are taken in order, wrong ones too",
         settings((ENABLE_PUSH, 2), (ENABLE_PUSH, 0)),
         goaway(PROTOCOL_ERROR, "ENABLE_PUSH.*6.5.2")),
]

# ---- 6.5.2: values

ALLOWED = [
    ("HEADER_TABLE_SIZE", HEADER_TABLE_SIZE, 0),
    ("HEADER_TABLE_SIZE", HEADER_TABLE_SIZE, 0xffffffff),
    ("ENABLE_PUSH", ENABLE_PUSH, 0),
    ("ENABLE_PUSH", ENABLE_PUSH, 1),
    ("MAX_CONCURRENT_STREAMS", MAX_CONCURRENT_STREAMS, 0),
    ("MAX_CONCURRENT_STREAMS", MAX_CONCURRENT_STREAMS, 0xffffffff),
    ("INITIAL_WINDOW_SIZE", INITIAL_WINDOW_SIZE, 0),
    ("INITIAL_WINDOW_SIZE", INITIAL_WINDOW_SIZE, MAX),
    ("MAX_FRAME_SIZE", MAX_FRAME_SIZE, 16384),
    ("MAX_FRAME_SIZE", MAX_FRAME_SIZE, 16777215),
    ("MAX_HEADER_LIST_SIZE", MAX_HEADER_LIST_SIZE, 0xffffffff),
    ("the unknown setting 0x0", 0, 1),
    ("the unknown setting 0x7", 7, 0xffffffff),
    ("the unknown setting 0xffff", 0xffff, 0xffffffff),
]
REFUSED = [
    ("ENABLE_PUSH", ENABLE_PUSH, 2, PROTOCOL_ERROR),
    ("ENABLE_PUSH", ENABLE_PUSH, 0xffffffff, PROTOCOL_ERROR),
    ("INITIAL_WINDOW_SIZE", INITIAL_WINDOW_SIZE, MAX + 1, FLOW_CONTROL_ERROR),
    ("INITIAL_WINDOW_SIZE", INITIAL_WINDOW_SIZE, 0xffffffff,
     FLOW_CONTROL_ERROR),
    ("MAX_FRAME_SIZE", MAX_FRAME_SIZE, 0, PROTOCOL_ERROR),
    ("MAX_FRAME_SIZE", MAX_FRAME_SIZE, 16383, PROTOCOL_ERROR),
    ("MAX_FRAME_SIZE", MAX_FRAME_SIZE, 16777216, PROTOCOL_ERROR),
]
CASES += [
    case("6.5.2", f"{name} of {value}", settings((key, value)), ACKED,
         get(1), answered(1) if value or key != INITIAL_WINDOW_SIZE
         else synced)
    for name, key, value in ALLOWED
] + [
    case("6.5.2", f"{name} of {value}", settings((key, value)),
         goaway(code, f"SETTINGS: {name}.*6.5.2"))
    for name, key, value, code in REFUSED
] + [
    case("6.5.2", f"{name} of {value} in the first SETTINGS",
         goaway(code, f"SETTINGS: {name}.*6.5.2"), settings={key: value})
    for name, key, value, code in REFUSED
] + [
    case("6.5.2", "HEADER_TABLE_SIZE of 0: blocks begin with a size update",
         settings((HEADER_TABLE_SIZE, 0)), get(1), answered(1), get(3),
         answered(3), that("the first with 0x20", lambda c: [
             c.streams[sid].frames[0].payload[:1] == b"\x20"
             for sid in (1, 3)] == [True, False])),
    case("6.5.2", "what the server sends is in range",
         that("in range", lambda c: c.settings and all((
             c.settings.get(ENABLE_PUSH, 0) == 0,
             c.settings.get(INITIAL_WINDOW_SIZE, 0) <= MAX,
             16384 <= c.settings.get(MAX_FRAME_SIZE, 16384) <= 16777215)))),
]

# ---- 6.5.3: acknowledgement

CASES += [
    case("6.5.3", "each SETTINGS is acknowledged, in order", settings(),
         get(1), settings((7, 7)), settings(),
         that("4 acknowledgements", lambda c: c.settings_acks == 4)),
    case("6.5.3", "SETTINGS ACK is not acknowledged", settled, SETTINGS_ACK,
         that("1 acknowledgement", lambda c: c.settings_acks == 1,
              wait=False)),
    case("6.5.3", "the values hold before the acknowledgement is sent",
         settings((INITIAL_WINDOW_SIZE, 3)) + get(1, BIG),
         that("3 octets", lambda c: c.streams[1].body == b"000", wait=True),
         synced, that("no more", lambda c: c.streams[1].body == b"000",
                      wait=False), auto_window=False),
    case("6.5.3", "the server's values hold once the client has acknowledged",
         settled, post(1, "/unread.py"), data(1, bytes(101)),
         reset(1, FLOW_CONTROL_ERROR, "window.*6.9.1"), profile="other"),
    case("6.5.3", "the defaults hold until the client has acknowledged",
         post(1), data(1, bytes(5000), end=True), answer(1, 200,
                                                         bytes(5000)),
         profile="other", ack=False, probe=False),
]
