# SPDX-License-Identifier: MIT
"""Cases of RFC 9113 §6.9: WINDOW_UPDATE, and windows in both directions."""
from rawclient import INITIAL_WINDOW_SIZE, WINDOW_UPDATE

from conformance.case import (answer, case, goaway, received, reset, settled,
                              silent, synced, that)
from conformance.wire import (FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, MAX,
                              PROTOCOL_ERROR, RESERVED, data, frame, get,
                              padded, post, settings, window)


def body(sid):
    """Returns a function of the client: octets of content on this stream."""
    return lambda c: len(c.streams[sid].body)


def stays(sid, n):
    """An outcome: n octets have come, and no more come."""
    return that(f"{n} octets", lambda c: body(sid)(c) == n, wait=False)


BIG = "/big.py?size=200000&way=write"

# ---- 6.9: the frame

CASES = [
    case("6.9", "an increment of 0 on the connection", window(0, 0),
         goaway(PROTOCOL_ERROR, "WINDOW_UPDATE: an increment of 0.*6.9")),
    case("6.9", "an increment of 0 on a stream", post(1), window(1, 0),
         reset(1, PROTOCOL_ERROR, "increment of 0.*6.9")),
    case("6.9", "an increment of 0 but for the reserved bit", post(1),
         window(1, RESERVED), reset(1, PROTOCOL_ERROR, "increment of 0.*6.9")),
    case("6.9", "the reserved bit of the increment",
         window(0, 5 | RESERVED), post(1), window(1, 5 | RESERVED),
         data(1, b"abc", end=True), answer(1, 200, b"abc")),
    case("6.9", "WINDOW_UPDATE of 3 octets", frame(WINDOW_UPDATE, 0, 0,
                                                   bytes(3)),
         goaway(FRAME_SIZE_ERROR, "4 octets.*6.9")),
    case("6.9", "WINDOW_UPDATE of 5 octets", frame(WINDOW_UPDATE, 0, 0,
                                                   bytes(5)),
         goaway(FRAME_SIZE_ERROR, "4 octets.*6.9")),
    case("6.9", "WINDOW_UPDATE of 3 octets on a stream", post(1),
         frame(WINDOW_UPDATE, 0, 1, bytes(3)),
         goaway(FRAME_SIZE_ERROR, "4 octets.*6.9")),
    case("6.9", "the server gives credit for what it consumes",
         settled, post(1),
         *[data(1, bytes(16384)) for _ in range(5)],
         that("on the stream and the connection", lambda c: all(
             [(f.type, f.sid) for f in c.frames].count(update) >= n
             # The connection's is raised at the start, too.
             for update, n in (((WINDOW_UPDATE, 0), 2),
                               ((WINDOW_UPDATE, 1), 1))))),
    case("6.9", "HEADERS are not flow-controlled", get(1),
         that("answered with 200", lambda c: c.streams[1].status == 200),
         settings={INITIAL_WINDOW_SIZE: 0}),
]

# ---- 6.9.1: the window

# A whole window of a stream, by the server's SETTINGS; the server admits it
# even before they are acknowledged.
FILL = [data(1, bytes(16384)) for _ in range(16)]
CASES += [
    case("6.9.1", "the server keeps to a stream's window", get(1, BIG),
         received(1, 65535), stays(1, 65535), auto_window=False,
         connection_window=1 << 20),
    case("6.9.1", "the server keeps to the connection's window",
         get(1, BIG), get(3, BIG), synced,
         that("65535 octets", lambda c: body(1)(c) + body(3)(c) == 65535),
         synced, that("no more", lambda c: body(1)(c) + body(3)(c) == 65535,
                      wait=False), auto_window=False,
         settings={INITIAL_WINDOW_SIZE: 1 << 20}),
    case("6.9.1", "the server goes on as far as WINDOW_UPDATE says",
         get(1, BIG), received(1, 65535), window(1, 1000),
         received(1, 66535), stays(1, 66535), auto_window=False,
         connection_window=1 << 20),
    case("6.9.1", "a window on the stream does not open the connection's",
         get(1, BIG), received(1, 65535), window(1, 1000),
         stays(1, 65535), auto_window=False),
    case("6.9.1", "a response larger than the windows", get(1, BIG),
         answer(1), that("200000 octets", lambda c: body(1)(c) == 200000)),
    case("6.9.1", "an empty response needs no window",
         get(1, "/nothing.py"), answer(1, 200, b""),
         settings={INITIAL_WINDOW_SIZE: 0}),
    case("6.9.1", "END_STREAM in empty DATA needs no window",
         get(1, "/big.py?size=5&way=write"), received(1, 5),
         get(3, "/later.py?case=trailers"), answer(3),
         settings={INITIAL_WINDOW_SIZE: 5}),
    case("6.9.1", "all of a stream's window", post(1, "/unread.py"), *FILL,
         silent(1)),
    case("6.9.1", "an octet more than a stream's window",
         post(1, "/unread.py"), *FILL, data(1, b"x"),
         reset(1, FLOW_CONTROL_ERROR, "window.*6.9.1")),
    case("6.9.1", "padding more than a stream's window",
         post(1, "/unread.py"), *FILL, padded(1, b"", 0),
         reset(1, FLOW_CONTROL_ERROR, "window.*6.9.1")),
    case("6.9.1", "empty DATA when a stream's window is used up",
         post(1, "/unread.py"), *FILL, data(1), silent(1)),
    case("6.9.1", "more than the connection's window", post(1),
         data(1, bytes(65536)),
         goaway(FLOW_CONTROL_ERROR, "connection's window.*6.9.1"),
         profile="other", ack=False),
    case("6.9.1", "the connection's window above 2147483647",
         window(0, MAX), goaway(FLOW_CONTROL_ERROR, "2147483647.*6.9.1")),
    case("6.9.1", "the connection's window of 2147483647",
         window(0, MAX - 65535), silent(2)),
    case("6.9.1", "a stream's window above 2147483647", post(1),
         window(1, MAX), reset(1, FLOW_CONTROL_ERROR, "2147483647.*6.9.1")),
    case("6.9.1", "a stream's window of 2147483647", post(1),
         window(1, MAX - 65535), data(1, b"abc", end=True),
         answer(1, 200, b"abc")),
    case("6.9.1", "a stream's window above 2147483647 by many steps",
         post(1), *[window(1, 1 << 29)] * 4,
         reset(1, FLOW_CONTROL_ERROR, "2147483647.*6.9.1")),
]

# ---- 6.9.2: the initial window

SIZE = INITIAL_WINDOW_SIZE
CASES += [
    case("6.9.2", "a smaller window makes a stream's negative",
         get(1, BIG), received(1, 65535), settings((SIZE, 100)),
         window(1, 65435 + 7), received(1, 65542), stays(1, 65542),
         auto_window=False, connection_window=1 << 20),
    case("6.9.2", "a negative window sends nothing until it is positive",
         get(1, BIG), received(1, 65535), settings((SIZE, 0)),
         window(1, 65535), stays(1, 65535), auto_window=False,
         connection_window=1 << 20),
    case("6.9.2", "a larger window makes streams go on",
         get(1, BIG), received(1, 65535), settings((SIZE, 65536)),
         received(1, 65536), stays(1, 65536), auto_window=False,
         connection_window=1 << 20),
    case("6.9.2", "the connection's window does not change with it",
         settings((SIZE, 1 << 20)), get(1, BIG), received(1, 65535),
         stays(1, 65535), auto_window=False),
    case("6.9.2", "new streams have the new window",
         settings((SIZE, 12345)), get(1, BIG), received(1, 12345),
         stays(1, 12345), auto_window=False),
    case("6.9.2", "a stream's window above 2147483647 by SETTINGS", post(1),
         window(1, MAX - 65535), settings((SIZE, 65536)),
         goaway(FLOW_CONTROL_ERROR, "SETTINGS: .*2147483647.*6.9.2")),
    case("6.9.2", "a window of 2147483647 by SETTINGS", post(1),
         window(1, MAX - 65535), settings((SIZE, 65534)),
         settings((SIZE, 65535)), data(1, b"abc", end=True),
         answer(1, 200, b"abc")),
]
