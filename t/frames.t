#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the functions for every frame of a request: which of them run, in
which order, with which frame and within which bounds; pseudo-header fields;
routes for CONNECT and OPTIONS *.  All over TLS and in cleartext."""
import json
import os
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import (Client, CONTINUATION, DATA, END_HEADERS,  # noqa: E402
                       END_STREAM, HEADERS, PADDED, RST_STREAM,
                       INITIAL_WINDOW_SIZE, WINDOW_UPDATE)
from server import Server, write_scripts                        # noqa: E402

t = tap.Tap()

PRIORITY, PRIORITY_UPDATE, UNKNOWN, ALL_FLAGS = 2, 16, 0xbb, 0xff
CANCEL, ENHANCE_YOUR_CALM, INTERNAL_ERROR = 8, 11, 2
NAMES = ("trailers", "window_update", "rst_stream", "priority",
         "priority_update", "unknown")

RECORDER = '''
import threading

log = []        # of the connection
gates = {}
LOCK = threading.Lock()


def plain(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return [plain(v) for v in value] if isinstance(
        value, (list, tuple, set)) else value


def note(name, frame=None):
    log.append([name, {} if frame is None else {
        key: plain(getattr(frame, key)) for key in (
            "type", "stream_id", "flags", "length", "payload", "increment",
            "error_code", "error_name", "priority", "prioritized_stream_id",
            "data", "headers", "stream_ended") if hasattr(frame, key)}])


def gate(name):
    with LOCK:
        return gates.setdefault(name, threading.Event())


def wait(name):
    log.append(["waits", {}])
    gate(name).wait(60)
'''

EACH = "from recorder import note, wait\n" + "".join(f'''

def handle_{name}(frame, request, response):
    note("{name}", frame)
''' for name in ("headers", "data") + NAMES)

OPEN = '''

def main(request, response):
    note("main")
    response.write_status_headers()
    response.writer.stream_ended = True         # it stays open
'''

SCRIPTS = {
    "recorder": RECORDER,
    "control": '''
import json
from recorder import gate, log


def main(request, response):
    if "open" in request.GET:
        gate(request.GET["open"].decode()).set()
    return json.dumps(log)
''',
    "all": EACH + OPEN,
    "none": "",
    "held": EACH.replace('note("headers", frame)', 'wait("held")') + OPEN,
    "reads": EACH.replace('note("headers", frame)', 'wait("reads")\n'
                          '    note("read %d" % len(request.body))') + OPEN,
    "loads": EACH.replace("\n", '\nwait("loads")\n', 1) + OPEN,
    "loads_main": '''
from recorder import note, wait
wait("loads")


def main(request, response):
    note("main")
    wait("main")
    return "done"
''',
    "in_main": '''
from recorder import note, wait


def main(request, response):
    wait("held")
    note("main %s" % response.writer.stream_ended)
    return "late"


def handle_window_update(frame, request, response):
    note("window_update", frame)


def handle_rst_stream(frame, request, response):
    try:
        response.writer.write_data("late")
    except Exception as e:
        note("%s %s %s" % (type(e).__name__, e.error_code, e.error_name))
    request.server.stash.put(KEY, "kept")
    note("stash %s" % request.server.stash.take(KEY))


KEY = "11111111-1111-4111-8111-111111111111"
''',
    "lost": '''
import time
from recorder import note


def main(request, response):
    note("main")
    try:
        while True:
            response.writer.ping(b"for ever")
            time.sleep(0.01)
    except Exception as e:
        print("main ends with", type(e).__name__)


def handle_rst_stream(frame, request, response):
    print("handle_rst_stream runs")
''',
    "acted": '''
from recorder import note


def main(request, response):
    response.write_status_headers()
    response.writer.stream_ended = True


def handle_window_update(frame, request, response):
    response.writer.write_data_frame(b"x" * frame.increment, last=False)


def handle_priority_update(frame, request, response):
    note("%d %s" % request.priority)


def handle_unknown(frame, request, response):
    response.writer.write_raw_frame(frame.type, frame.flags,
                                    payload=frame.payload[::-1])
    response.writer.end_stream()
''',
    "raises": '''
from recorder import note


def handle_headers(frame, request, response):
    if "started" in request.GET:
        response.write_status_headers()


def handle_window_update(frame, request, response):
    note("raises")
    raise ValueError("no window")


def handle_rst_stream(frame, request, response):
    note("rst_stream")


handle_unknown = handle_rst_stream
''',
    "wrong": "def handle_unknown(frame):\n    pass\n",
    "near": "def handle_window_updates(frame, request, response):\n    pass\n",
    "star": "from others import *\n",
    "others": '''
from recorder import note


def handle_rst_stream(frame, request, response):
    note("star")
''',
    "loop": '''
from recorder import note
for name in ("headers", "rst_" + "stream"):
    globals()["handle_" + name] = lambda *args, name=name: note(name)
''',
    "limit": '''
from recorder import note


def handle_window_update(frame, request, response):
    note("window_update")
    while True:
        pass


def handle_rst_stream(frame, request, response):
    note("rst_stream")
    while True:
        pass
''',
    "fields": '''
import json


def main(request, response):
    h = request.headers
    return json.dumps({
        name: h[name].decode() if name in h else None
        for name in (":path", "path", ":protocol", "protocol", ":method",
                     "method", ":scheme", "scheme", ":authority", "authority",
                     ":status", "status", "host")})


def handle_headers(frame, request, response):
    if request.method == "CONNECT":
        response.writer.write_headers([], 200)
        response.writer.write_data(main(request, response), last=True)
''',
}
SCRIPTS.update({f"only_{name}": f'''
from recorder import note


def handle_{name}(frame, request, response):
    note("{name}", frame)
''' for name in NAMES})

ROUTES = '''
from h2rig.handlers import StringHandler
from h2rig.router import ASTERISK, AUTHORITY


class Tunnel:
    def frame_handler(self, request):
        return self

    def handle_headers(self, frame, request, response):
        response.writer.write_headers(
            [("x-to", request.connect_authority)], 200)

    def handle_data(self, frame, request, response):
        response.writer.write_data(frame.data.upper())

    def handle_rst_stream(self, frame, request, response):
        print("the tunnel to", request.connect_authority, "is reset")


def options(request, response):
    return [("allow", "GET, OPTIONS")], "%s %r" % (
        request.request_path, request.connect_authority)


routes = [
    ("any", "*", StringHandler("by any", "text/plain")),
    ("any", AUTHORITY, StringHandler("by any", "text/plain")),
    ("CONNECT", AUTHORITY, Tunnel()),
    ("GET", ASTERISK, StringHandler("by GET", "text/plain")),
    (["OPTIONS"], ASTERISK, options),
]
'''


def log(c, *, open_gate=None):
    """Returns what the recorder of this connection has:
    [name, value] pairs."""
    query = f"?open={open_gate}" if open_gate else ""
    x = c.request("/control.py" + query)
    c.window_update(x.sid, 1 << 20)
    c.wait_for(lambda: x.done)
    return json.loads(x.body)


def wait_log(c, n):
    """Waits until log() has n entries, or the deadline.  Returns log()."""
    found = []
    tap.wait_until(lambda: found.__init__(log(c)) or len(found) >= n)
    return found


def wait_count(c, n):
    """Waits until log() has n frames of an unknown type, or the deadline.
    Returns how many it has."""
    def count():
        return names(log(c)).count("unknown")
    tap.wait_until(lambda: count() >= n)
    return count()


def names(found):
    """Returns the names of the functions that ran, in order."""
    return [name for name, _ in found]


def send_each(c, x):
    """Sends one frame of each type except RST_STREAM, trailers last.  Returns
    the trailers' block."""
    c.send_frame(DATA, PADDED, x.sid, b"\2hi\0\0")
    c.send_frame(WINDOW_UPDATE, ALL_FLAGS, x.sid, struct.pack(">L", 1 << 31 | 5))
    c.send_frame(PRIORITY, 0, x.sid, struct.pack(">LB", 1 << 31 | 99, 15))
    c.send_frame(PRIORITY_UPDATE, 0, 0, struct.pack(">L", x.sid) + b"u=1, i")
    c.send_frame(UNKNOWN, 0x81, x.sid, b"what is it")
    block = c.encoder.encode([("x-sum", "9"), ("x-end", "yes")])
    c.send_frame(HEADERS, END_STREAM, x.sid, block[:3])
    c.send_frame(CONTINUATION, END_HEADERS, x.sid, block[3:])
    return block


IN_ORDER = ["headers", "data", "window_update", "priority", "priority_update",
            "unknown", "trailers", "main"]


def each(c):
    """Each function runs, in order, and gets its frame."""
    sent, send = [], c.send
    c.send = lambda octets: (sent.append(octets), send(octets))
    x = c.open("/all.py", "POST", [("x-a", "b")])
    c.send = send
    block = send_each(c, x)
    c.wait_for(lambda: x.status)
    c.window_update(x.sid, 7)
    wait_log(c, 9)
    c.reset(x.sid, 0x1f)
    found = wait_log(c, 10)
    t.eq(names(found), IN_ORDER + ["window_update", "rst_stream"],
         "each frame's function runs, in the order of the stream's frames, "
         "after main too if that has left the stream open")
    by_name = dict(found[:8] + found[9:])
    t.eq(by_name["headers"]["payload"].encode("latin-1"), sent[0][9:],
         "the payload of a request's HEADERS is its header block")
    t.eq((by_name["data"]["data"], by_name["data"]["payload"]),
         ("hi", "\2hi\0\0"), "the payload of DATA has its padding")
    t.eq(by_name["window_update"], {
        "type": "WINDOW_UPDATE", "stream_id": x.sid, "flags": [], "length": 4,
        "payload": "\x80\0\0\5", "increment": 5, "stream_ended": False},
        "a WINDOW_UPDATE frame, its reserved bit and its flags ignored")
    t.eq(by_name["priority"], {
        "type": "PRIORITY", "stream_id": x.sid, "flags": [], "length": 5,
        "payload": "\x80\0\0c\x0f", "priority": [99, 16, True],
        "stream_ended": False}, "a PRIORITY frame")
    t.eq(by_name["priority_update"], {
        "type": "PRIORITY_UPDATE", "stream_id": 0, "flags": [], "length": 10,
        "payload": "\0\0\0" + chr(x.sid) + "u=1, i", "priority": "u=1, i",
        "prioritized_stream_id": x.sid, "stream_ended": False},
        "a PRIORITY_UPDATE frame, which is on stream 0")
    unknown = by_name["unknown"]
    unknown["flags"].sort()
    t.eq(unknown, {
        "type": UNKNOWN, "stream_id": x.sid, "flags": [1, 128], "length": 10,
        "payload": "what is it", "data": "what is it", "stream_ended": False},
        "a frame of an unknown type: numbers of type and flags")
    trailers = by_name["trailers"]
    trailers["flags"].sort()
    t.eq(trailers, {
        "type": "HEADERS", "stream_id": x.sid, "length": len(block),
        "flags": ["END_HEADERS", "END_STREAM"], "priority": None,
        "payload": block.decode("latin-1"), "stream_ended": True,
        "headers": [["x-sum", "9"], ["x-end", "yes"]]},
        "the trailers' frame, of HEADERS and CONTINUATION")
    t.eq(by_name["rst_stream"], {
        "type": "RST_STREAM", "stream_id": x.sid, "flags": [], "length": 4,
        "payload": "\0\0\0\x1f", "error_code": 0x1f, "error_name": "0x1f",
        "stream_ended": False}, "a RST_STREAM frame, its code without a name")


def only(c):
    """Scripts that define only one function; names that are no function."""
    for name in NAMES:
        x = c.open(f"/only_{name}.py", "POST")
        n = len(log(c))
        if name == "rst_stream":
            c.reset(x.sid, CANCEL)
        else:
            send_each(c, x)
            c.wait_for(lambda: x.done)      # pylint: disable=W0640
            t.eq((x.status, x.body, x.ended), (200, b"", True),
                 f"only handle_{name}: the response is sent in the end")
        found = wait_log(c, n + 1)[n:]
        t.eq(names(found), [name], f"only handle_{name}: it runs")
    t.eq(found and wait_log(c, 1) and [
        v["error_name"] for k, v in log(c) if k == "rst_stream"][-1:],
        ["CANCEL"], "an error code's name")
    x = c.fetch("/none.py")
    t.ok(x.status == 500 and b"No main function or handlers in" in x.body,
         "none of all the functions: 500", x.body)
    x = c.fetch("/near.py")
    t.ok(b"did you mean handle_window_update?" in x.body,
         "a name that is nearly one", x.body)
    x = c.open("/wrong.py", "POST")
    c.send_frame(UNKNOWN, 0, x.sid)
    c.wait_for(lambda: x.done)
    t.ok(x.status == 500 and b"handle_unknown is called as handle_unknown("
         b"frame, request, response), but defined as" in x.body,
         "a function with other parameters", x.body)


def waiting(c):
    """Frames come while a function or the script itself runs."""
    for script, gate, first in (
            ("held", "held", ["waits", "data"]),
            ("reads", "reads", ["waits", "read 2", "data"]),
            ("loads", "loads", ["waits", "headers", "data"])):
        n = len(log(c))
        x = c.open(f"/{script}.py", "POST")
        wait_log(c, n + 1)
        send_each(c, x)
        t.ok(c.ping(), f"{script}: the connection goes on")
        t.eq(names(log(c)[n:]), ["waits"], f"{script}: none runs meanwhile")
        log(c, open_gate=gate)
        c.wait_for(lambda: x.status)        # pylint: disable=W0640
        t.eq(names(log(c)[n:]), first + IN_ORDER[2:],
             f"{script}: frames that came are kept in order")
        c.reset(x.sid)
        wait_log(c, n + len(first) + len(IN_ORDER[2:]) + 1)


def unwanted(c):
    """Frames for which a script has no functions are not kept."""
    x = c.open("/loads_main.py", end_stream=True)
    wait_log(c, 1)
    for _ in range(900):
        c.window_update(x.sid, 1)
    log(c, open_gate="loads")
    wait_log(c, 3)
    for _ in range(3000):
        c.window_update(x.sid, 1)
    c.send_frame(UNKNOWN, 0, x.sid, bytes(16384))
    t.ok(c.ping(), "without functions: what comes is dropped, and counts "
         "towards no bound of theirs")
    log(c, open_gate="main")
    c.wait_for(lambda: x.done)
    t.eq((names(log(c)), x.body), (["waits", "main", "waits"], b"done"),
         "without functions: main answers")


def main_first(c):
    """Frames come after the end of the request; RST_STREAM
    comes while main runs."""
    x = c.open("/in_main.py", end_stream=True)
    wait_log(c, 1)
    c.window_update(x.sid, 1)
    c.reset(x.sid, CANCEL)
    t.ok(c.ping(), "in_main: the stream has gone")
    t.eq(names(log(c, open_gate="held")), ["waits"], "in_main: main goes on")
    t.eq(names(wait_log(c, 4)),
         ["waits", "main True", "StreamClosedError 8 CANCEL", "stash kept"],
         "handle_rst_stream is the last: events that were not delivered are "
         "dropped, the stream is closed, the stash works")
    t.eq(c.fetch("/in_main.py").body, b"late", "and it is not run for a "
         "stream that ends as it should")
    t.eq(len(log(c)), 6, "... nor others")


def reset_early(c):
    """RST_STREAM comes right behind HEADERS, before any function could run."""
    for script, want in (("all", "rst_stream"), ("star", "star"),
                         ("loop", "rst_stream"), ("loads_main", None),
                         ("none", None), ("in_main", "stash kept")):
        n = len(log(c))
        sid, c._next = c._next, c._next + 2
        c.send(b"".join((
            frame(HEADERS, END_HEADERS, sid, c.encoder.encode([
                (":method", "POST"), (":scheme", "https"),
                (":authority", "localhost"), (":path", f"/{script}.py")])),
            frame(RST_STREAM, 0, sid, struct.pack(">L", CANCEL)))))
        t.ok(c.ping(), f"{script}: reset at once")
        tap.wait_until(lambda: not want or want in names(log(c)[n:]))
        found = names(log(c)[n:])
        t.eq(found[-1:], [want] if want else [],
             f"{script}: what runs when the stream is reset at once")


def frame(kind, flags, sid, payload):
    """Returns the octets of a frame."""
    return (len(payload).to_bytes(3, "big") + bytes((kind, flags))
            + sid.to_bytes(4, "big") + payload)


def acted(c):
    """The engine has acted on a frame before the frame's function runs."""
    x = c.open("/acted.py", end_stream=True)
    c.wait_for(lambda: x.status)
    c.window_update(x.sid, 3)
    c.window_update(x.sid, 4)
    # This client also gives credit for the DATA that it reads.
    c.wait_for(lambda: len(x.data) >= 2)
    t.eq(x.data[:2], [b"xxx", b"xxxx"], "the window has grown")
    c.send_frame(PRIORITY_UPDATE, 0, 0, struct.pack(">L", x.sid) + b"u=6, i")
    t.eq(names(wait_log(c, 1)), ["6 True"], "the priority is the new one")
    c.send_frame(UNKNOWN, 0x82, x.sid, b"abc")
    c.wait_for(lambda: x.done)
    t.eq([(f.type, f.flags, f.payload) for f in x.frames[-2:]],
         [(UNKNOWN, 0x82, b"cba"), (DATA, END_STREAM, b"")],
         "an unknown frame sent back with its type and flags; the stream is "
         "ended by its function")
    c.send_frame(UNKNOWN, 0x82, x.sid, b"abc")
    c.window_update(x.sid, 1)
    t.eq(c.fetch("/only_unknown.py").status, 200, "more frames on the stream, "
         "which is closed, are dropped")


def raising(c):
    """A frame's function raises."""
    x = c.open("/raises.py", "POST")
    c.window_update(x.sid, 1)
    c.wait_for(lambda: x.done)
    t.ok(x.status == 500 and b"no window" in x.body, "an exception is a 500",
         x.body)
    c.send_frame(UNKNOWN, 0, x.sid, b"")
    c.reset(x.sid)
    x = c.open("/raises.py?started", "POST")
    c.window_update(x.sid, 1)
    c.wait_for(lambda: x.done)
    t.eq(x.reset, INTERNAL_ERROR, "after HEADERS the stream is reset")
    t.eq(names(log(c)), ["raises"] * 2, "later functions do not run")


def bounds(s):
    """At most 1,000 frames and 1 MiB wait for a stream's functions."""
    for script, gate in ("held", "held"), ("loads", "loads"):
        for what, n, payload in (("frames", 1000, b"1"),
                                 ("octets", 64, bytes(16384))):
            with Client(s.port, tls=s.tls) as c:
                x = c.open(f"/{script}.py", "POST")
                y = c.open(f"/{script}.py", "POST")
                for z in x, y:
                    for _ in range(n):
                        c.send_frame(UNKNOWN, 0, z.sid, payload)
                    c.send_frame(DATA, 0, z.sid, b"content")
                t.ok(c.ping(), f"{script}: {n} {what} may wait for each of "
                     "two streams, and content besides")
                log(c, open_gate=gate)
                t.eq(wait_count(c, 2 * n), 2 * n,
                     f"{script}: all {what} are delivered")
                for _ in range(n):
                    c.send_frame(UNKNOWN, 0, x.sid, payload)
                t.eq(wait_count(c, 3 * n), 3 * n, f"{script}: {what} that "
                     "were delivered count no more")
            with Client(s.port, tls=s.tls) as c:
                x = c.open(f"/{script}.py", "POST")
                for _ in range(n + 1):
                    c.send_frame(UNKNOWN, 0, x.sid, payload)
                c.wait_for(lambda: c.goaway)
                t.ok(c.goaway and c.goaway[1] == ENHANCE_YOUR_CALM
                     and b"wait for a stream's functions" in c.goaway[2],
                     f"{script}: one more than {n} {what}: GOAWAY", c.goaway)


def lost(s):
    """The connection is lost while a function runs."""
    for how in "closed", "after RST_STREAM":
        with Client(s.port, tls=s.tls) as c:
            x = c.open("/lost.py", end_stream=True)
            wait_log(c, 1)
            address = "%s:%d" % c.sock.getsockname()[:2]
            if how != "closed":
                c.reset(x.sid)
                c.ping()
        ended = s.wait_log(f"of {address} ended")
        found = s.log()
        t.ok(ended and "main ends with" in found
             and "handle_rst_stream runs" not in found,
             f"{how}: handle_rst_stream does not run when the connection is "
             "lost", found)


def limits(s):
    """--run-limit 1 ends a frame's function."""
    with Client(s.port, tls=s.tls) as c:
        x = c.open("/limit.py", "POST")
        c.window_update(x.sid, 1)
        c.wait_for(lambda: x.done)
        t.ok(x.status == 500 and b"HandlerTimeout" in x.body,
             "the run-time limit ends a frame's function", x.body)
        y = c.open("/limit.py", "POST")
        c.reset(y.sid)
        t.ok(s.wait_log(r"handle_rst_stream: Traceback(.*\n)*.*"
                        "HandlerTimeout"),
             "... and handle_rst_stream; the log names it", s.log())
        t.ok(c.ping(), "the connection goes on")


def pseudo(c):
    """request.headers has the pseudo-header fields by their names."""
    def fields(pairs):
        sid, c._next = c._next, c._next + 2
        x = c.streams[sid] = type(c.open("/none.py"))(c, sid)
        sid, c._next = c._next, c._next + 2
        x = c.streams[sid] = type(x)(c, sid)
        c.send_headers(sid, pairs, end_stream=pairs[0][1] != "CONNECT")
        c.wait_for(lambda: x.done)
        return {k: v for k, v in json.loads(x.body or b"{}").items()
                if v is not None}
    get = [(":method", "GET"), (":scheme", "https"), (":authority", "a:1"),
           (":path", "/fields.py")]
    own = {":method": "GET", "method": "GET", ":scheme": "https",
           "scheme": "https", ":authority": "a:1", "authority": "a:1",
           ":path": "/fields.py", "path": "/fields.py", "host": "a:1"}
    t.eq(fields(get), own, "pseudo-header fields, with and without colon")
    t.eq(fields(get + [(n, "ordinary") for n in (
        "path", "method", "scheme", "authority", "protocol", "status")]),
         dict(own, protocol="ordinary", status="ordinary"),
         "ordinary fields of such names are found where there is no "
         "pseudo-header field, and never with a colon")
    t.eq(fields([(":method", "CONNECT"), (":protocol", "shout")] + get[1:]
                + [("protocol", "ordinary")]),
         dict(own, method="CONNECT", protocol="shout",
              **{":protocol": "shout", ":method": "CONNECT"}), ":protocol")
    del own[":authority"], own["host"]
    t.eq(fields(get[:2] + get[3:] + [("authority", "x"), ("host", "h")]),
         dict(own, authority="x", host="h"),
         "an ordinary field named authority is no :authority, nor the host")


def routes(s):
    """Routes for CONNECT and OPTIONS *."""
    with Client(s.port, tls=s.tls) as c:
        x = c.streams[1] = type(c.open("/"))(c, 3)
        c.streams[3] = x
        c._next = 5
        x.credit = 65535
        c.send_headers(3, [(":method", "CONNECT"),
                           (":authority", "example.test:25")])
        c.wait_for(lambda: x.status)
        t.eq((x.status, x.headers), (200, [("x-to", "example.test:25")]),
             "CONNECT, routed: connect_authority; \"any\" does not match it")
        c.send_data(3, b"through")
        c.wait_for(lambda: x.data)
        t.eq(x.body, b"THROUGH", "the tunnel")
        c.reset(3)
        t.ok(s.wait_log("the tunnel to example.test:25 is reset"),
             "a handler that is an object has these functions too")
        x = c.request("*", "OPTIONS")
        c.wait_for(lambda: x.done)
        t.eq((x.status, x.header("allow"), x.body),
             (200, "GET, OPTIONS", b"* None"), "OPTIONS *, routed")
        t.eq(c.fetch("/x").body, b"by any", "paths are matched by patterns")
        x = c.request("/x", "OPTIONS")
        c.wait_for(lambda: x.done)
        t.eq(x.body, b"by any", "OPTIONS with a path too")


def unrouted(s):
    """CONNECT and OPTIONS * without --routes."""
    with Client(s.port, tls=s.tls) as c:
        x = c.request("*", "OPTIONS")
        c.wait_for(lambda: x.done)
        t.eq(x.status, 404, "OPTIONS * without a route: 404")
        sid, c._next = c._next, c._next + 2
        y = c.streams[sid] = type(x)(c, sid)
        c.send_headers(sid, [(":method", "CONNECT"), (":authority", "a:1")])
        c.wait_for(lambda: y.status)
        t.eq(y.status, 404, "CONNECT without a route: 404")


def wire(s):
    """Runs each of these tests on its own connection."""
    for test in (each, only, waiting, unwanted, main_first, reset_early, acted,
                 raising, pseudo):
        window = {INITIAL_WINDOW_SIZE: 0} if test is acted else {}
        with Client(s.port, tls=s.tls, settings=window) as c:
            test(c)
    bounds(s)
    lost(s)
    unrouted(s)


with tempfile.TemporaryDirectory() as directory:
    write_scripts(directory, SCRIPTS)
    ROUTES_FILE = os.path.join(directory, "routes")
    with open(ROUTES_FILE, "w", encoding="utf-8") as file:
        file.write(ROUTES)
    for transport in ([], ["--cleartext"]):
        t.diag("in cleartext" if transport else "over TLS")
        for test, options in ((wire, []), (limits, ["--run-limit", "1"]),
                              (routes, ["--routes", ROUTES_FILE])):
            with Server(directory, *transport, *options) as server:
                server.tls = not transport
                test(server)
t.done()
