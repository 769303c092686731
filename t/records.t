#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each request has one record in the log, whatever becomes of it: for every
fate a connection of its own, whose records are counted when it has ended."""
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from conformance import wire
from rawclient import Client
from server import Server

t = tap.Tap()
ROOT = tempfile.mkdtemp(prefix="h2rig-records-")

FILES = {
    "plain.txt": "plain\n",
    "main.py": """
def main(request, response):
    return request.body or b"main"
""",
    "early.py": """
def handle_headers(frame, request, response):
    response.writer.write_headers([], 403, last=True)
""",
    "frames.py": """
def handle_data(frame, request, response):
    response.writer.write_headers([], 200)
""",
    "raises.py": """
def main(request, response):
    raise ValueError("on purpose")
""",
    "waits.py": """
def main(request, response):
    response.writer.write_informational(103)
    while True:
        response.writer.ping()
""",
    "goaway.py": """
def main(request, response):
    response.writer.goaway(0, request.h2_stream_id)
    return "bye"
""",
    "push.py": """
from h2rig.frames import PushPromiseFrame

def promise(path):
    return [(":method", "GET"), (":scheme", "https"),
            (":authority", "localhost"), (":path", path)]

class Promise(PushPromiseFrame):
    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        self.promised_stream_id = 6

def main(request, response):
    w = response.writer
    w.write_push(promise("/kept"), None, 200, [], "pushed")
    w.write_push(promise("/not-kept"))
    w.write_raw_header_frame(promise("/raw"), end_headers=True,
                             frame_cls=Promise)
    w.write_headers([], 204, stream_id=6, last=True)
    return "main"
""",
    "echo_wsh.py": """
def web_socket_do_extra_handshake(request):
    pass

def web_socket_transfer_data(request):
    while True:
        line = request.ws_stream.receive_message()
        if line is None:
            return
        request.ws_stream.send_message(line)
""",
    "deaf.py": """
import time

def main(request, response):
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
""",
}
for name, text in FILES.items():
    with open(os.path.join(ROOT, name), "w", encoding="ascii") as f:
        f.write(text)

FATES = []


def fate(name, *options):
    """Decorator: a function that makes requests and returns the statuses that
    are in their records, by stream, and perhaps its path too."""
    def add(run):
        FATES.append((name, options, run))
        return run
    return add


def all_done(c, *exchanges):
    """The client's requests are over."""
    if not c.wait_for(lambda: all(x.done for x in exchanges)):
        raise AssertionError(f"not over: {exchanges}")


@fate("answered by a function, with a body, without, with trailers")
def answered(c):
    all_done(c, c.request("/main.py"), c.request("/main.py", body=b"body"),
             c.request("/main.py", body=b"b", trailers=[("x-sum", "1")]))
    return {1: 200, 3: 200, 5: 200}


@fate("a file, with Python and without; none; HEAD")
def files(c):
    c.fetch("/plain.txt")
    all_done(c, c.request("/plain.txt"), c.request("/no.txt"),
             c.request("/plain.txt", method="HEAD"))
    return {1: 200, 3: 200, 5: 404, 7: 200}


@fate("a function that raises")
def raises(c):
    c.fetch("/raises.py")
    return {1: 500}


@fate("the client leaves in the middle of its request")
def leaves(c):
    for n in range(3):
        x = c.open("/main.py", "POST")
        c.send_data(x.sid, b"a part")
    c.ping()
    return {1: "none", 3: "none", 5: "none"}


@fate("the client resets the connection in the middle of its request")
def breaks(c):
    c.open("/main.py", "POST")
    c.ping()
    c.leave()
    return {1: "none"}


@fate("an early answer, after which the client leaves")
def early(c):
    x = c.open("/early.py", "POST")
    c.wait_for(lambda: x.ended)
    y = c.open("/frames.py", "POST")
    c.send_data(y.sid, b"first")
    c.wait_for(lambda: y.status)
    return {1: 403, 3: 200}


@fate("an early answer, after which the client resets the stream")
def early_reset(c):
    x = c.open("/early.py", "POST")
    c.wait_for(lambda: x.ended)
    c.reset(x.sid)
    c.ping()
    return {1: 403}


@fate("reset before a function was started")
def reset_soon(c):
    for sid in (1, 3, 5):
        c.send(wire.post(sid, "/main.py") + wire.rst(sid))
    c.ping()
    return {1: "reset", 3: "reset", 5: "reset"}


@fate("reset while a function runs")
def reset_later(c):
    x = c.request("/waits.py")
    c.wait_for(lambda: x.informational)
    c.reset(x.sid)
    c.ping()
    return {1: "reset"}


@fate("a connection error while requests are open, and one with it")
def violation(c):
    for sid in (1, 3, 5):
        c.send(wire.post(sid, "/main.py"))
    c.send(wire.data(7, b"on an idle stream"))
    c.wait_end()
    return {1: "none", 3: "none", 5: "none"}


@fate("malformed: the stream is reset")
def malformed(c):
    c.send(wire.get(1, "/main.py", ("Upper", "case")))
    c.send(wire.headers(3, [(":method", "GET")]))
    c.ping()
    return {1: "reset", 3: ("reset", "")}


@fate("one stream too many", "--max-concurrent-streams", "1")
def refused(c):
    c.send(wire.post(1, "/main.py") + wire.get(3, "/main.py"))
    c.ping()
    return {1: "none", 3: "reset"}


@fate("a field section that is too large", "--max-header-list-size", "1000")
def too_large(c):
    large = (("x", "v" * 1000),)
    c.send(wire.headers(1, wire.request_fields("/main.py") + large))
    c.send(wire.headers(3, wire.request_fields("/main.py", "POST") + large,
                        end=False))
    c.send(wire.data(3, b"an upload"))
    c.ping()
    c.send(wire.in_frames(5, wire.block(
        wire.request_fields("/main.py") + (("x", ""),) * 3000)))
    c.wait_end()
    return {1: 431, 3: 431, 5: "ignored"}


@fate("after GOAWAY")
def after_goaway(c):
    c.fetch("/goaway.py")
    c.send(wire.get(3, "/main.py") + wire.get(5, "/main.py"))
    c.ping()
    return {1: 200, 3: "ignored", 5: "ignored"}


@fate("pushes: kept, not kept, promised by a raw frame")
def pushes(c):
    c.fetch("/push.py")
    return {1: 200, 2: (200, "/kept"), 4: ("none", "/not-kept"),
            6: (204, "/raw")}


def open_socket(c, path):
    """A WebSocket's handshake."""
    x = c.streams[1] = type(c.open("/main.py", "POST"))(c, 3)
    c.streams[3] = x
    c.send_headers(3, [(":method", "CONNECT"), (":scheme", "https"),
                       (":path", path), (":authority", "localhost"),
                       (":protocol", "websocket"),
                       ("sec-websocket-version", "13")])
    c.wait_for(lambda: x.status)
    return x


@fate("a WebSocket whose client leaves")
def websocket(c):
    open_socket(c, "/echo")
    return {1: "none", 3: 200}


@fate("a WebSocket that is closed")
def websocket_closed(c):
    x = open_socket(c, "/echo")
    c.send_data(3, b"\x88\x80\0\0\0\0", True)
    c.wait_for(lambda: x.ended)
    return {1: "none", 3: 200}


@fate("a function that no limit stops", "--run-limit", "1")
def deaf(c):
    c.request("/deaf.py")
    c.open("/main.py", "POST")
    c.wait_end(20)
    return {1: "none", 3: "none"}


def records(log, port):
    """Of a client: status and path by stream; a list, as they may be many."""
    found = {}
    for path, status, sid in re.findall(
            r"info: request method=\S* path=(\S*) status=(\w+) octets=\d+ "
            rf"ms=\d+ stream=(\d+) client=127\.0\.0\.1:{port}$", log, re.M):
        status = int(status) if status.isdigit() else status
        found.setdefault(int(sid), []).append((status, path))
    return found


def meets(s, name, run):
    """The client goes, and the records of its requests are looked at."""
    with Client(s.port) as c:
        port = c.sock.getsockname()[1]
        want = run(c)
    if not s.wait_log(rf"child \d+ of 127\.0\.0\.1:{port} ended: ", 20):
        t.ok(False, f"{name}: its process ends")
        return
    found = records(s.log(), port)
    t.eq({sid: [r if isinstance(want.get(sid), tuple) else r[0] for r in rs]
          for sid, rs in found.items()},
         {sid: [w] for sid, w in want.items()}, name)


for options in sorted({f[1] for f in FATES}):
    with Server(ROOT, *options) as server:
        for name, its, run in FATES:
            if its == options:
                meets(server, name, run)
shutil.rmtree(ROOT)
t.done()
