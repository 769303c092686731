#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests what the log says about requests and clients.  Each request has
exactly one record, however it ends: each way to end runs on a new connection,
and its records are counted after the connection's end.  The log and the
exceptions in scripts tell what a client said and did at the end."""
import json
import os
import re
import shutil
import socket
import ssl
import struct
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
    "goaway_ping.py": """
def main(request, response):
    if request.h2_stream_id == 1:
        response.writer.goaway(0, 2 ** 31 - 1)
        response.writer.ping()
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
    "closed.py": """
from h2.exceptions import StreamClosedError

def handle_headers(frame, request, response):
    w = response.writer
    w.write_informational(103)
    try:
        if request.GET.first("how") == "read":
            request.body
        elif request.GET.first("how") == "push":
            id = w.write_push([(":method", "GET"), (":scheme", "https"),
                (":authority", "localhost"), (":path", "/")])
            w.write_headers([], 200, stream_id=id)
            while True:
                w.write_data("more ", stream_id=id)
        else:
            w.write_headers([], 200)
            while True:
                w.write_data("more ")
    except StreamClosedError as e:
        print("closed", request.GET.first("how").decode(), e.error_code,
              e.error_name, e, flush=True)
""",
    "garbage.py": """
def main(request, response):
    response.writer.write_raw_frame("DATA", 0, 0, b"on stream 0")
    response.writer.close("tls")
""",
    "stream.py": """
def main(request, response):
    response.writer.write_headers([], 200)
    while True:
        response.writer.write_raw_data_frame(b"d" * 100)
""",
    "kill.py": """
import os
def main(request, response):
    os.kill(os.getpid(), 9)
""",
    "exit.py": """
import os
def main(request, response):
    os._exit(3)
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
    """Returns a decorator for a function that makes requests and returns
    {stream: status in its record, or (status, path)}."""
    def add(run):
        FATES.append((name, options, run))
        return run
    return add


def reset(c):
    """Resets the TCP connection."""
    c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                      struct.pack("ii", 1, 0))
    c.close()


def all_done(c, *exchanges):
    """Waits until the client's requests are over; raises
    AssertionError if not."""
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
    reset(c)
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
    """Opens a WebSocket."""
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
    """Returns {stream: [(status, path), ...]} from the records of a client."""
    found = {}
    for path, status, sid in re.findall(
            r"info: request method=\S* path=(\S*) status=(\w+) octets=\d+ "
            rf"ms=\d+ stream=(\d+) client=127\.0\.0\.1:{port}$", log, re.M):
        status = int(status) if status.isdigit() else status
        found.setdefault(int(sid), []).append((status, path))
    return found


def meets(s, name, run):
    """Runs a client, and tests the records of its requests."""
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


# ---- what clients say of the end

ENDS = []


def end(name, *regexes, tls=True):
    """Returns a decorator for a function after which the log must match all
    regexes.  PORT stands for the client, END for the start of the record of
    its connection's end."""
    def add(run):
        ENDS.append((name, regexes, tls, run))
        return run
    return add


def said(code, text=""):
    """Returns a regex for the record of GOAWAY."""
    return rf'info: client PORT sent GOAWAY {code}, last stream 0, "{text}"$'


def notify(c):
    """Sends close_notify and closes without reading."""
    try:
        c.tls.unwrap()
    except ssl.SSLWantReadError:
        pass
    c._flush()
    c.sock.close()


@end("GOAWAY with a text, then FIN", said("PROTOCOL_ERROR", r"HEADERS: bad\\x00"),
     'END closed by client: client sent GOAWAY PROTOCOL_ERROR '
     r'"HEADERS: bad\\x00", then closed; ')
def goaway_fin(c):
    c.send(wire.goaway(0, 1, b"HEADERS: bad\0"))
    c.leave()


@end("without TLS", "END closed by client: client sent GOAWAY NO_ERROR, then "
     "closed; ", tls=False)
def goaway_cleartext(c):
    c.send(wire.goaway())
    c.leave()


@end("GOAWAY, then close_notify", said("0x99"), "END closed by client: client "
     "sent GOAWAY 0x99, then close_notify; ")
def goaway_notify(c):
    c.ping()
    c.send(wire.goaway(0, 0x99))
    notify(c)


def goaway_and_reset(c):
    """Sends GOAWAY and resets the connection at once."""
    c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    c.send(wire.goaway(0, 1, b"no"))
    reset(c)


@end("GOAWAY, then reset", "END transport error: .*; client sent GOAWAY "
     'PROTOCOL_ERROR "no", then reset the connection; ')
def goaway_reset(c):
    c.ping()
    goaway_and_reset(c)


@end("GOAWAY, then reset, while a script writes", 'END .*; client sent GOAWAY '
     'PROTOCOL_ERROR "no", then reset the connection; ')
def goaway_reset_writing(c):
    c.auto_window = False       # WINDOW_UPDATE frames could delay GOAWAY
    x = c.request("/stream.py")
    c.wait_for(lambda: x.data)
    goaway_and_reset(c)


@end("the same without TLS", 'END .*; client sent GOAWAY PROTOCOL_ERROR "no", '
     "then reset the connection; ", tls=False)
def goaway_reset_cleartext(c):
    goaway_reset_writing(c)


@end("a reset alone", "END transport error: read: .*; [0-9.]+ s")
def only_reset(c):
    c.ping()
    reset(c)


@end("a long text is cut", said("NO_ERROR", r"x{110,130}\.\.\."),
     r'END closed by client: client sent GOAWAY NO_ERROR "x{110,130}\.\.\.", ')
def long_text(c):
    c.send(wire.goaway(0, 0, b"x" * 16000))
    c.leave()


@end("GOAWAY after the script has closed", said("PROTOCOL_ERROR", "why"),
     'END closed by a script: client sent GOAWAY PROTOCOL_ERROR "why", then ')
def goaway_late(c):
    c.request("/garbage.py")
    c.wait_for(lambda: c.end)
    c.end = None
    c.send(wire.goaway(0, 1, b"why"))
    c.sock.close()


@end("RST_STREAM", r"client PORT sent RST_STREAM PROTOCOL_ERROR on stream 1 "
     r"\(/main\.py\?q\)$", r"client PORT sent RST_STREAM 0xbeef on stream 3 "
     r"\(/closed\.py\?how=write\)$", r"script output: closed write 48879 0xbeef "
     r"stream 3: .*, RST_STREAM 0xbeef$")
def rst(c):
    c.fetch("/main.py?q")
    c.reset(1, 1)
    x = c.open("/closed.py?how=write", "POST")
    c.wait_for(lambda: x.data)
    c.reset(3, 0xbeef)
    c.ping()


@end("RST_STREAM while a script reads", r"script output: closed read 11 "
     r"ENHANCE_YOUR_CALM stream 1: .*, RST_STREAM ENHANCE_YOUR_CALM$")
def rst_reading(c):
    x = c.open("/closed.py?how=read", "POST")
    c.wait_for(lambda: x.informational)
    c.reset(1, 11)
    c.ping()


@end("RST_STREAM of a push", r"client PORT sent RST_STREAM CANCEL on stream 2 "
     r"\(/\)$", r"script output: closed push 8 CANCEL stream 2: ")
def rst_push(c):
    x = c.open("/closed.py?how=push", "POST")
    c.wait_for(lambda: c.streams[2].data if 2 in c.streams else x.done)
    c.reset(2)
    c.ping()


@end("the client leaves while a script reads, without RST_STREAM",
     r"script output: closed read None None stream 1: ")
def leave_reading(c):
    x = c.open("/closed.py?how=read", "POST")
    c.wait_for(lambda: x.informational)
    c.leave()


@end("streams after GOAWAY was read", r"client PORT opened stream 3 although "
     r"it has acknowledged what was sent behind GOAWAY \(RFC 9113 6\.8\)$",
     "END closed by client: client opened 2 streams after it had read GOAWAY; ")
def heedless(c):
    c.fetch("/goaway_ping.py")
    c.ping()
    all_done(c, c.request("/goaway_ping.py"), c.request("/goaway_ping.py"))


@end("streams when it cannot have been told", "END closed by client; ")
def unaware(c):
    c.ack = False
    c.fetch("/goaway_ping.py")
    c.fetch("/goaway_ping.py")


def ends(s, name, regexes, tls, run):
    """The log says how the client ended the connection."""
    with Client(s.port, tls=tls) as c:
        port = c.sock.getsockname()[1]
        run(c)
    address = rf"127\.0\.0\.1:{port}"
    for r in (r"child \d+ of PORT ended: ",) + regexes:
        r = r.replace("END", r"child \d+ of PORT ended:").replace(
            "PORT", address)
        if not s.wait_log(r):
            t.ok(False, name, f"no {r}\n" + "\n".join(
                line for line in s.log().splitlines()
                if str(port) in line or "output" in line))
            return
    t.ok(True, name)


def many_goaways(s):
    """A client cannot fill the log with records of GOAWAY."""
    with Client(s.port) as c:
        port = c.sock.getsockname()[1]
        c.send(wire.goaway() * 1000)
        c.ping()
    s.wait_log(rf":{port} ended: ")
    n = len(re.findall(rf":{port} sent GOAWAY ", s.log()))
    t.eq(n, 16, "1,000 GOAWAY frames, 16 records")


def alert(s):
    """A client does not trust the certificate."""
    context = ssl.create_default_context()
    with socket.create_connection(("127.0.0.1", s.port)) as k:
        port = k.getsockname()[1]
        try:
            context.wrap_socket(k, server_hostname="localhost")
        except ssl.SSLError:
            pass
    t.ok(s.wait_log(rf":{port} ended: transport error: TLS handshake: client "
                    r"sent TLS alert unknown_ca \(48\); "), "a TLS alert")


def members(s, run, want, name):
    """Runs a client.  Tests members of the record of its end, as JSON."""
    with Client(s.port) as c:
        port = c.sock.getsockname()[1]
        run(c)

    def found():
        return next((r for r in map(json.loads, s.log().splitlines())
                     if r.get("client") == f"127.0.0.1:{port}"
                     and "seconds" in r), None)

    record = tap.wait_until(found) or {}
    t.eq({k: record.get(k) for k in want}, want, f"JSON: {name}")
    t.ok(isinstance(record.get("seconds"), float)
         and record.get("octets_in", 0) > 0 and record.get("octets_out", 0) > 0
         and record.get("child", 0) > 1, f"JSON: {name}: numbers", record)


def json_ends(s):
    """The record of an end has members in JSON, not just text."""
    members(s, lambda c: (c.send(wire.goaway(0, 1, b"no")), c.leave()),
            {"level": "info", "end": "closed by client", "code":
             "PROTOCOL_ERROR", "status": 0, "streams": 0, "signal": None,
             "why": 'client sent GOAWAY PROTOCOL_ERROR "no", then closed'},
            "GOAWAY")
    members(s, lambda c: (c.send(wire.data(1)), c.wait_end()),
            {"end": "protocol violation by the client", "status": 1,
             "code": "PROTOCOL_ERROR"}, "a violation")
    members(s, lambda c: (c.request("/kill.py"), c.wait_end()),
            {"level": "warn", "end": "killed", "signal": "SIGKILL",
             "status": None, "script": "/kill.py", "function": "main",
             "stream": 1, "streams": 1, "code": None}, "a signal")
    members(s, lambda c: (c.fetch("/main.py"), c.request("/exit.py"),
                          c.wait_end()),
            {"end": "exit by a script", "status": 3, "script": "/exit.py",
             "stream": 3, "streams": 2, "without_python": 0}, "an exit")
    records = [json.loads(line) for line in s.log().splitlines()]
    t.ok(any(r.get("code") == "PROTOCOL_ERROR" and r.get("debug") == "no"
             and r.get("last_stream") == 0 for r in records),
         "JSON: the record of GOAWAY", records)


for options in sorted({f[1] for f in FATES}):
    with Server(ROOT, *options) as server:
        for name, its, run in FATES:
            if its == options:
                meets(server, name, run)
with Server(ROOT) as server, Server(ROOT, "--cleartext") as clear:
    for one in ENDS:
        ends(server if one[2] else clear, *one)
    many_goaways(server)
    alert(server)
with Server(ROOT, "--log-format", "json") as server:
    json_ends(server)
shutil.rmtree(ROOT)
t.done()
