#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs all threads of connections at the same time, for a build with
ThreadSanitizer, which must report nothing:

    ../configure CFLAGS='-O1 -g -fsanitize=thread' LDFLAGS=-fsanitize=thread
    make && make check TESTS=t/threads.t

CPython and OpenSSL are not instrumented: ThreadSanitizer sees what threads do
to each other through them only as far as the C library's locks show it.
SECONDS in the environment is how long each server is under load.
"""
import contextlib
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from typing import Callable, Dict, List

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import (GOAWAY, INITIAL_WINDOW_SIZE, PRIORITY,   # noqa: E402
                       Client)
from server import Server, program                              # noqa: E402

with open(program(), "rb") as binary:
    if b"__tsan_init" not in binary.read():
        tap.skip_all("needs a build with ThreadSanitizer")

#: Fixes the memory layout for older ThreadSanitizers, if that is allowed.
FIXED = ["setarch", "-R"]
try:
    subprocess.run([*FIXED, "true"], check=True, stderr=subprocess.DEVNULL)
except (OSError, subprocess.CalledProcessError):
    FIXED = []

t = tap.Tap()
SECONDS = float(os.environ.get("SECONDS", "20"))
CLIENTS = 6
TOP = tempfile.mkdtemp(prefix="h2rig-threads-")
DOCROOT = os.path.join(TOP, "docroot")
ROUTES = os.path.join(TOP, "routes.py")

SCRIPT = '''
"""?how names the function that answers."""
import threading
import time
import uuid

from h2.exceptions import ProtocolError

SEEN = []


def together(*works):
    """Each work by a thread of its own."""
    def quietly(work):
        try:
            work()
        except ProtocolError:           # the client, or another, was first
            pass
    threads = [threading.Thread(target=quietly, args=(w,)) for w in works]
    for thread in threads:
        thread.start()
    return threads


def threads(request, response):
    w = response.writer
    w.write_headers([("x-how", "threads")], 200)

    def pieces(n):
        for _ in range(20):
            w.write_data(n * 500)
        w.flush()

    def frames():
        for _ in range(20):
            w.ping(b"12345678")
            w.write_data_frame(b"x", False)
            w.get_max_payload_size()
    started = together(lambda: pieces(b"a"), lambda: pieces(b"b"), frames,
                       lambda: request.body, lambda: request.raw_input.read(9),
                       lambda: request.headers.get("x"))
    for thread in started:
        thread.join()
    w.end_stream()


def late(request, response):
    """Its threads go on when it has returned."""
    w = response.writer
    w.write_headers([], 200)

    def later(last):
        for _ in range(10):
            time.sleep(0.01)
            w.write_data(b"late")
        if last:
            w.end_stream()
    together(lambda: later(False), lambda: later(True))
    w.stream_ended = True


def loop(request, response):
    """Until HandlerTimeout."""
    while True:
        SEEN[:] = [threading.Thread(target=int)]
        SEEN[0].start()
        SEEN[0].join()


def wait(request, response):
    """Until its time is over, in a call that does not notice."""
    time.sleep(4)


def large(request, response):
    return b"0123456789abcdef" * 20000


def written(request, response):
    response.writer.write_headers([], 200)
    for _ in range(30):
        response.writer.write_data(b"0123456789abcdef" * 700)
    response.writer.end_stream()


def echo(request, response):
    return request.body


def push(request, response):
    response.writer.write_push(
        [("method", "GET"), ("scheme", "https"), ("path", "/pushed"),
         ("authority", "localhost")], status=200,
        response_headers=[("x-pushed", "1")], response_data=b"p" * 9000)
    return "pushed"


def early(request, response):
    response.writer.write_informational(103, [("x-early", "1")])
    time.sleep(0.02)
    response.writer.write_headers([], 200)
    response.writer.write_data("body")
    response.writer.write_trailers([("x-sum", "1")])


def open_block(request, response):
    """A header block that is left open."""
    response.writer.write_raw_header_frame([(":status", "200")])
    time.sleep(0.02)


def stash(request, response):
    stash = request.server.stash
    key = str(uuid.uuid4())
    with stash.lock:
        stash.put(key, "x" * 2000)
    return stash.take(key)


def close(request, response):
    response.writer.write_headers([], 200)
    response.writer.close(request.GET["close"].decode())


def fails(request, response):
    raise ValueError("as it should")


def shared(request, response):
    data = request.connection.data
    data["n"] = data.get("n", 0) + 1
    print("record", data["n"])
    return str(data["n"])


def main(request, response):
    return globals()[request.GET["how"].decode()](request, response)
'''
FRAMES = SCRIPT.replace("def main(", '''def handle_headers(frame, request, response):
    SEEN.append(frame.headers)


def handle_data(frame, request, response):
    SEEN.append(len(frame.data))


def main(''')
HOWS = ["threads", "late", "large", "written", "echo", "push", "early",
        "stash", "fails", "shared"]


def ask(c: Client, rng: random.Random, how: str = "", **more):
    """Makes one request to a script."""
    name = rng.choice(["plain", "frames"])
    return c.request(f"/{name}.py?how={how or rng.choice(HOWS)}", **more)


# ---- what clients do; each on a connection of its own

def streams(c: Client, rng: random.Random) -> None:
    """Many requests at once, with and without content, all
    of which are read."""
    asked = [ask(c, rng, body=rng.choice([None, b"x" * 3000, [b"y"] * 20]))
             for _ in range(12)]
    for sid in (asked[0].sid, asked[-1].sid):
        c.send_frame(PRIORITY, 0, sid, bytes(4) + b"\x10")
        c.send_frame(16, 0, 0, sid.to_bytes(4, "big") + b"u=1")
    c.send_frame(4, 0, 0)
    c.wait_for(lambda: all(x.done for x in asked))


def resets(c: Client, rng: random.Random) -> None:
    """Resets streams at once, or in the middle."""
    asked = [ask(c, rng) for _ in range(10)] + [ask(c, rng, "open_block")]
    for x in asked:
        if rng.random() < 0.5:
            c.wait_for(lambda x=x: x.frames or x.done)
        c.reset(x.sid)
    uploads = [c.open("/frames.py?how=echo", "POST") for _ in range(4)]
    for x in uploads:
        c.send_data(x.sid, b"z" * 2000)
        c.reset(x.sid)
    c.ping()


def small_windows(c: Client, rng: random.Random) -> None:
    """Gives window in small pieces."""
    c.auto_window = False
    c.send_frame(4, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 100))
    asked = [ask(c, rng, how) for how in ("large", "written", "threads")]
    for _ in range(30):
        c.window_update(0, 500)
        for x in asked:
            c.window_update(x.sid, rng.choice((1, 300)))
        c.pump(0.01)


def leaves(c: Client, rng: random.Random) -> None:
    """Leaves while scripts write, in one of several ways."""
    for _ in range(5):
        ask(c, rng)
    c.pump(rng.random() * 0.1)
    way = rng.randrange(3)
    if way == 0:
        c.send_frame(GOAWAY, 0, 0, bytes(8))
        c.sock.shutdown(socket.SHUT_WR)
        c.wait_end()
    elif way == 1:
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))


def violation(c: Client, rng: random.Random) -> None:
    """Causes a connection error while scripts write."""
    for _ in range(5):
        ask(c, rng)
    c.send_frame(0, 0, 0, b"DATA on stream 0")
    c.wait_end()


def closed(c: Client, rng: random.Random) -> None:
    """A script ends the connection while others write."""
    for _ in range(4):
        ask(c, rng)
    how = rng.choice(["goaway", "tls", "fin", "rst"])
    c.request(f"/plain.py?how=close&close={how}")
    c.wait_end()


def limit(c: Client, rng: random.Random) -> None:
    """Scripts run past their time limit, beside others."""
    asked = [ask(c, rng, how) for how in ("loop", "loop", "written")]
    c.wait_for(lambda: all(x.done for x in asked))


def stuck(c: Client, rng: random.Random) -> None:
    """A script does not heed its time limit."""
    ask(c, rng, "wait")
    streams(c, rng)
    c.wait_end()


def files(c: Client, rng: random.Random) -> None:
    """Requests files, sent with and without Python, beside a script."""
    ask(c, rng, "written")
    for _ in range(5):
        asked = [c.request(f"/{rng.choice('abc')}.txt") for _ in range(20)]
        c.wait_for(lambda: all(x.done for x in asked))


def websocket(c: Client, rng: random.Random) -> None:
    """Messages go both ways, while threads of the script send."""
    c.wait_for(lambda: c.settings)
    x = c.open("/busy", "CONNECT", [(":protocol", "websocket"),
                                    ("sec-websocket-version", "13")])
    c.wait_for(lambda: x.status or x.done)
    for _ in range(10):
        c.send_data(x.sid, b"\x81\x85\0\0\0\0hello")
        c.pump(0.01)
    c.send_data(x.sid, b"\x88\x82\0\0\0\0\x03\xe8", end_stream=rng.random()
                < 0.5)
    c.wait_for(lambda: x.done)


WEBSOCKET = '''
import threading


def web_socket_do_extra_handshake(request):
    pass


def web_socket_transfer_data(request):
    def send():
        try:
            for _ in range(20):
                request.ws_stream.send_message("from a thread")
        except Exception:               # the client has closed
            pass
    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    while True:
        line = request.ws_stream.receive_message()
        if line is None:
            break
        request.ws_stream.send_message(line)
    for thread in threads:
        thread.join()
'''

DEEDS: List[Callable[[Client, random.Random], None]] = [
    streams, resets, small_windows, leaves, violation, closed, limit, stuck,
    files, websocket]


class Load:
    """Runs clients until they are told to stop."""

    def __init__(self, s: Server) -> None:
        self.server, self.stopping = s, threading.Event()
        self.begun: Dict[str, int] = {deed.__name__: 0 for deed in DEEDS}
        self.threads = [threading.Thread(target=self._client, args=(i,))
                        for i in range(CLIENTS)]

    def _client(self, seed: int) -> None:
        rng = random.Random(seed)
        while not self.stopping.is_set():
            for deed in rng.sample(DEEDS, len(DEEDS)):
                if self.stopping.is_set():
                    return
                # A drained connection may end at any place of a client's work.
                # On a slow machine it always does so if the scripts take as
                # long as a connection may live.
                with contextlib.suppress(OSError):
                    with Client(self.server.port, timeout=20,
                                tls=self.server.scheme == "https") as c:
                        self.begun[deed.__name__] += 1
                        deed(c, rng)

    def run(self, seconds: float) -> None:
        """Runs for this many seconds, with HUP and USR1, and through
        the server's end."""
        for thread in self.threads:
            thread.start()
        end, sig = time.monotonic() + seconds, signal.SIGHUP
        while time.monotonic() < end or not all(self.begun.values()):
            if time.monotonic() > end + tap.scaled(60):
                break
            self.server.process.send_signal(sig)
            sig = signal.SIGUSR1 if sig == signal.SIGHUP else signal.SIGHUP
            self.stopping.wait(0.5)
        status = self.server.stop(timeout=60)
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        t.eq(status, 0, "the server is stopped under load")


def under_load(*options: str) -> None:
    """A server with these options, under load:
    ThreadSanitizer reports nothing."""
    name = " ".join(options)
    reports = tempfile.mkdtemp(dir=TOP)
    s = Server(DOCROOT, "--max-memory", "0", "--run-limit", "1", "--grace",
               "2", "--routes", ROUTES, *options, env={"TSAN_OPTIONS": ":".join(
                   ["exitcode=0", "die_after_fork=0", "use_sigaltstack=0",
                    f"log_path={reports}/report"] + [
                        f"handle_{sig}=0" for sig in (
                            "segv", "abort", "sigbus", "sigfpe", "sigill")])})
    s.argv = FIXED + s.argv
    with s:
        load = Load(s)
        load.run(SECONDS)
    t.ok(all(load.begun.values()), f"{name}: all has been done", load.begun)
    t.diag(load.begun)
    said = []
    for report in sorted(os.listdir(reports)):
        with open(os.path.join(reports, report), encoding="utf-8",
                  errors="backslashreplace") as f:
            said.append(f.read())
    t.ok(not said, f"{name}: nothing is reported", "\n".join(said)[:20000])


def write(path: str, text: str) -> None:
    """Writes a file."""
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


try:
    os.mkdir(DOCROOT)
    write(os.path.join(DOCROOT, "plain.py"), SCRIPT)
    write(os.path.join(DOCROOT, "frames.py"), FRAMES)
    write(os.path.join(DOCROOT, "busy_wsh.py"), WEBSOCKET)
    write(ROUTES, "routes = []\n")
    for letter in "abc":
        write(os.path.join(DOCROOT, letter + ".txt"), letter * 3000)
    under_load("--spare", "2")
    under_load("--connections-per-process", "100")
    under_load("--cleartext", "--max-requests", "40", "--max-lifetime", "2s")
finally:
    shutil.rmtree(TOP, ignore_errors=True)
t.done()
