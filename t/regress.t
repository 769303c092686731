#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests bugs that were found and must not come back: a case for each, named
after the bug.  `regress.t NAME ...` runs only these cases.  A docstring gives
the server's options and says what went wrong before the repair.

No case measures time.  If something came late or never, the server's own limit
that would hide it is out of reach (--grace 600, --run-limit 0).
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import rawclient                                                # noqa: E402
import tap                                                      # noqa: E402
from rawclient import Client, Exchange, Frame                   # noqa: E402
from server import SCRIPTS, Server, extended                    # noqa: E402

t = tap.Tap()
BIG = rawclient.BIG_WINDOW
WINDOW = rawclient.INITIAL_WINDOW_SIZE
SIZE = 3000000                          # of regress_answers.py
PROTOCOL_ERROR, INTERNAL_ERROR, ENHANCE_YOUR_CALM = 1, 2, 11
HTTP1 = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def answers(case):
    return f"/regress_answers.py?case={case}"


def put(s, key):
    """Lets the regress_until.py of another connection go on."""
    with Client(s.port) as c:
        c.fetch(f"/stash.py?put={key}", body=b"go on")


def gone(s, what):
    t.ok(tap.wait_until(lambda: not s.children(), 30),
         f"{what}: its process goes", s.log()[-1000:])


# ---- output

def queue_exactly_full(s):
    """--stall-timeout 1.  On a queue of exactly 262144 octets, the writer spun
    and held the mutex: nothing else of the connection ran."""
    with Client(s.port, settings={WINDOW: BIG}, connection_window=BIG,
                receive_buffer=4096, auto_window=False) as c:
        c.request(answers("exact"))
        t.ok(s.wait_log(r"ended: .*--stall-timeout"),
             "queue exactly full: the stall is noticed", s.log()[-1000:])
    gone(s, "queue exactly full")


class SlowSocket:
    """A socket that returns 64 KiB at a time, for a client
    that reads slowly."""

    def __init__(self, real):
        self.real = real

    def __getattr__(self, name):
        return getattr(self.real, name)

    def recv(self, n):
        return self.real.recv(min(n, 65536))


def slow_client(port):
    """Returns a client that reads slowly."""
    c = Client(port, settings={WINDOW: BIG}, connection_window=BIG,
               receive_buffer=65536, timeout=60)
    c.sock = SlowSocket(c.sock)
    return c


def slow_readers(s):
    """A close did not wait for a client that was still reading: the client got
    part of its response and a reset."""
    if not extended():
        return t.skip("slow readers", "without extensions they get 5 s")
    ways = ["goaway", "tls", "close_connection"]
    with Server(SCRIPTS, "--grace", "600") as stopping:
        clients = [slow_client(port)
                   for port in [s.port] * len(ways) + [stopping.port]]
        # From here on all clients read: a close waits only 2 s for
        # one that does not.
        reading = [c.request(answers(case))
                   for c, case in zip(clients, [*ways, "whole"])]
        stopped = False
        late = time.monotonic() + tap.scaled(60)
        while (not all(x.done or x.client.end for x in reading)
               and time.monotonic() < late):
            for c in clients:
                c.pump()
            if reading[-1].status and not stopped:
                stopping.process.send_signal(signal.SIGTERM)
                stopped = True
            time.sleep(0.1)             # each client reads 640 KiB a second
        for how, x in zip([*ways, "drain"], reading):
            c = x.client
            t.eq((len(x.body), x.ended, c.wait_end()),
                 (SIZE, True, "close_notify"),
                 f"slow reader, {how}: all of it comes, then the end")
            t.ok(c.goaway is not None or how == "tls",
                 f"slow reader, {how}: GOAWAY where there is to be one")
            c.close()
        t.ok(tap.wait_until(lambda: not stopping.alive(), 20),
             "slow reader, drain: the server ends")


def block_left_open(s):
    """-l debug.  A frame behind a header block that a script left open became
    an internal error and a reset."""
    for case, reset, errors in (("block_open", None, 0),
                                ("block_open_raises", INTERNAL_ERROR, 1)):
        with Client(s.port) as c:
            x = c.request(answers(case))
            c.wait_for(lambda: x.frames)
            # No frame may come inside the block: the server ends it
            # before another frame.
            t.ok(c.ping(), f"{case}: the connection goes on")
            if reset is not None:
                c.wait_for(lambda: x.reset is not None)
            first = x.frames[0] if x.frames else None
            t.ok(first and first.type == rawclient.HEADERS
                 and not first.flags & rawclient.END_HEADERS,
                 f"{case}: the block goes out, open", x.frames)
            t.eq([(f.type, x.reset) for f in x.frames[1:]],
                 [] if reset is None else [(rawclient.RST_STREAM, reset)],
                 f"{case}: {'nothing' if reset is None else 'RST_STREAM'} "
                 "comes after it")
            port = c.sock.getsockname()[1]
        s.wait_log(rf":{port} ended: ")
        found = re.findall(r"Traceback|\w*internal error\w*", s.log())
        t.eq(found, ["Traceback"] * errors,
             f"{case}: no error but the script's own in the log")


# ---- ends

def goaway_while_running(s):
    """--run-limit 0.  If a script had called close("goaway"), the connection
    did not end when its last function returned."""
    key = str(uuid.uuid4())
    with Client(s.port, auto_window=False) as c:    # it sends nothing
        x = c.fetch(f"/regress_until.py?close=goaway&key={key}")
        c.wait_for(lambda: c.goaway)
        t.ok(x.ended and c.goaway and c.end is None,
             'close("goaway"): answered, and the function goes on', x)
        put(s, key)
        t.eq(c.wait_end(), "close_notify",
             'close("goaway"): the connection ends when it is back')


def drained(s, what, c=None):
    """--grace 600: tests that SIGTERM ends the server before that."""
    t.eq(s.stop(timeout=60), 0, f"{what}: a drain does not wait for it")
    if c is not None:
        t.eq(c.wait_end(), "close_notify", f"{what}: the end is in good order")


def drain_promise(s):
    """A drain waited for a promised stream that no script answers."""
    with Client(s.port) as c:
        x = c.fetch(answers("promise"))
        t.ok(x.body == b"promised" and len(x.pushes) == 1,
             "promise never kept: the promise is there", x)
        drained(s, "promise never kept", c)


def drain_upload(s):
    """A drain waited for the rest of an upload whose response was complete."""
    with Client(s.port) as c:
        x = c.open("/regress_headers.py?case=early", method="POST")
        t.ok(c.wait_for(lambda: x.ended) and x.status == 200,
             "upload never finished: it is answered", x)
        drained(s, "upload never finished", c)


def drain_silent(s):
    """--cleartext.  A drain waited for a client that had sent nothing."""
    with Client(s.port, tls=False, preface=False):
        t.ok(tap.wait_until(s.children), "silent client: it has a process")
        drained(s, "silent client")


def descriptors_closed(s):
    """After a script closed descriptors of the server, the child spun."""
    with Client(s.port) as c:
        c.request(answers("no_descriptors"))
        t.ok(c.wait_end(), "descriptors closed: the connection ends")
    used = s.wait_log(r"no_descriptors: (\d+)% used")
    t.ok(used and int(used.group(1)) < 25,
         "descriptors closed: nothing spins until the function is back",
         used and used.group(0))
    gone(s, "descriptors closed")


# ---- limits

def one_octet_frames(s, frames):
    """For DATA frames of one octet each, a child used 100 times the
    memory of the content."""
    name = f"{frames} frames of an octet"
    with Client(s.port, timeout=30) as c:
        x = c.open("/body.py", method="POST")
        one, sent = Frame(rawclient.DATA, 0, x.sid, b"x").raw(), 0
        while sent < frames and c.wait_for(
                lambda: c.goaway or min(x.credit, c.credit) > 0):
            n = min(x.credit, c.credit, frames - sent, 1000)
            if c.goaway:
                break
            try:
                c.send(one * n)
            except (BrokenPipeError, ConnectionResetError):
                break
            x.credit, c.credit, sent = x.credit - n, c.credit - n, sent + n
            c.pump()
        c.wait_for(lambda: c.goaway)
        code, why = c.goaway[1:] if c.goaway else (None, b"")
        t.ok(code == ENHANCE_YOUR_CALM and b"max-data-frames" in why,
             f"{name}: GOAWAY names the bound", (sent, c.goaway, x))


def frames_as_objects(s, frames=30000):
    """All frames that came while handle_data ran became Python objects at
    once, of 200 octets each."""
    with Client(s.port) as c:
        x = c.open("/regress_frames.py", "POST")
        c.send_data(x.sid, b"x")
        c.wait_for(lambda: x.frames)            # a 103
        c.send(Frame(rawclient.DATA, 0, x.sid, b"x").raw() * frames)
        c.ping()
        c.fetch("/note.py?set=all")
        c.send_data(x.sid, b"", True)
        c.wait_for(lambda: x.done)
        length, objects = x.body.split() or (b"0", b"0")
        t.eq(int(length), 1 + frames, f"{frames} frames: main has all")
        t.ok(int(objects) < frames / 3, f"{frames} frames: few are objects",
             x.body)


def tunnels(s):
    """--run-limit 1.  The function of a CONNECT stream had no time limit, even
    after its client was gone."""
    for leaves in (True, False):
        name = f"tunnel whose client {'leaves' if leaves else 'resets it'}"
        with Client(s.port) as c:
            c.wait_for(lambda: c.settings)
            x = c.streams[1] = Exchange(c, 1)
            c._next = 3                 # open() cannot send CONNECT
            c.send_headers(1, [
                (":method", "CONNECT"), (":protocol", "regress"),
                (":scheme", "https"), (":authority", "localhost"),
                (":path", "/regress_headers.py?case=tunnel")])
            t.eq(c.wait_for(lambda: x.status), 200, f"{name}: it is open")
            if not leaves:
                c.reset(1)
                t.eq(tap.wait_until(lambda: (
                    lambda body: body != b"null" and body)(
                        c.fetch("/note.py?get=tunnel").body)),
                    b'"HandlerTimeout"', f"{name}: the limit ends it")
        gone(s, name)


def finalizers(s):
    """--run-limit 1.  Code of a script outside of its functions could keep a
    child for any time."""
    with Client(s.port) as c:
        t.eq(c.fetch("/regress_limit.py?case=finalizer").body, b"finalizer",
             "finalizer: its request is answered")
    gone(s, "finalizer")


def no_run_limit_stall(s):
    """--run-limit 0 --stall-timeout 1.  The timeout was never checked."""
    with Client(s.port, settings={WINDOW: 0}) as c:
        c.request(answers("whole"))
        c.wait_for(lambda: c.goaway)
        t.ok(c.goaway and b"--stall-timeout" in c.goaway[2],
             "no run limit: a stall is noticed", c.goaway)
    gone(s, "no run limit, stall")


def no_run_limit_idle(s):
    """--run-limit 0, --idle-timeout.  The timeout was never checked."""
    key = str(uuid.uuid4())
    with Client(s.port, auto_window=False) as c:
        x = c.fetch(f"/regress_until.py?key={key}")
        t.ok(x.ended, "no run limit: answered, and the function goes on", x)
        put(s, key)
        c.wait_for(lambda: c.goaway, 20)
        t.ok(c.goaway and b"--idle-timeout" in c.goaway[2],
             "no run limit: an idle connection is noticed", c.goaway)


def functions_after_end(s):
    """--max-concurrent-streams 2.  Functions that ran on after their streams
    had ended kept the threads that new streams needed."""
    keys = [str(uuid.uuid4()) for _ in range(2)]
    with Client(s.port) as c:
        busy = [c.fetch(f"/regress_until.py?key={k}") for k in keys]
        t.ok(all(x.ended for x in busy), "after END_STREAM: two are answered")
        x = c.fetch("/quick.py", timeout=30)
        t.ok(x.ended and x.body == b"quick",
             "after END_STREAM: the next is, while their functions run", x)
        for key in keys:
            put(s, key)
        t.eq(c.fetch("/quick.py", timeout=30).body, b"quick",
             "after END_STREAM: and when they are back")


def raised_twice(s):
    """--run-limit 1.  Sometimes both the waiting call and the watchdog
    raised HandlerTimeout."""
    clients = [Client(s.port, auto_window=False, timeout=20)
               for _ in range(12)]
    xs = [c.request("/regress_limit.py?case=twice")
          for c in clients for _ in range(3)]
    for x in xs:
        x.client.wait_for(lambda x=x: x.done)
    for c in clients:
        c.close()
    t.eq([x.trailers for x in xs],
         [[("x-raised", "HandlerTimeout")]] * len(xs),
         "HandlerTimeout: raised once in each function")


# ---- the beginning of a connection

def http1_after_alpn(s):
    """For HTTP/1 text after ALPN had selected h2, the server sent HTTP/1
    behind HTTP/2 frames."""
    with Client(s.port, preface=False) as c:
        c.send(HTTP1)
        c.wait_end()
        t.eq(c.goaway and c.goaway[1], PROTOCOL_ERROR,
             "HTTP/1 after ALPN h2: GOAWAY")
        t.eq(([f.type for f in c.frames], c.leftover()),
             ([rawclient.SETTINGS, rawclient.WINDOW_UPDATE,
               rawclient.GOAWAY], b""),
             "HTTP/1 after ALPN h2: nothing that is no frame")


def http1_cleartext(s):
    """--cleartext: here the server sends HTTP/1."""
    with socket.create_connection(("127.0.0.1", s.port),
                                  tap.scaled(60)) as sock:
        sock.sendall(HTTP1)
        reply = sock.makefile("rb").read()
    head, _, body = reply.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    t.ok(head.startswith(b"HTTP/1.1 505 "), "HTTP/1, cleartext: 505", reply)
    t.eq(length and int(length.group(1)), len(body),
         "HTTP/1, cleartext: with as much content as it says")


def silent_cleartext(s):
    """--cleartext --stall-timeout 1 --handshake-timeout 3.  The server took
    SETTINGS that wait for the client's preface for output that is stalled."""
    with Client(s.port, tls=False, preface=False) as c:
        c.wait_end()
        t.ok(c.goaway and b"--handshake-timeout" in c.goaway[2],
             "silent cleartext client: the preface is what is late",
             (c.goaway, s.log()[-500:]))


def sni_octets(s):
    """A server name that is not UTF-8 made every request fail."""
    if not shutil.which("openssl"):
        t.skip("SNI of any octets", "needs the program openssl")
        return
    # Python cannot send such a name: openssl does TLS for a cleartext client.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(tap.scaled(60))
        with Client(listener.getsockname()[1], tls=False) as c:
            side = listener.accept()[0]
            with side, subprocess.Popen(
                    ["openssl", "s_client", "-quiet", "-alpn", "h2",
                     "-connect", f"127.0.0.1:{s.port}", "-servername",
                     b"a\xffb"], stdin=side, stdout=side,
                    stderr=subprocess.DEVNULL) as proxy:
                x = c.fetch(answers("sni"))
                proxy.kill()
    t.eq((x.status, x.body), (200, b"a\xffb"),
         "SNI of any octets: the script has it")


def log_unread(s):
    """If nobody read the log, further requests did not reach their scripts:
    the server took the thread that waited for the log for an idle one."""
    top = tempfile.mkdtemp(prefix="h2rig-test-")
    fifo = os.path.join(top, "log")
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    answered = 0
    try:
        with Server(SCRIPTS, "--log-file", fifo, "--grace", "1") as slow:
            with Client(slow.port, timeout=30) as c:
                # A pipe of 64 KiB holds about 460 records.
                while answered < 560 and (
                        c.fetch("/quick.py").body == b"quick"):
                    answered += 1
                t.eq(answered, 560, "a log that nobody reads: scripts run")
                os.set_blocking(reader, True)
                thread = threading.Thread(target=drain, args=(reader,))
                thread.start()
        thread.join(tap.scaled(60))
    finally:
        shutil.rmtree(top)


def log_without_reader(s):
    """HUP, and the log is a pipe whose reader has left: the parent waited for
    another reader and served nobody."""
    top = tempfile.mkdtemp(prefix="h2rig-test-")
    fifo = os.path.join(top, "log")
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with Server(SCRIPTS, "--log-file", fifo, "--spare", "1") as left:
            before = tap.wait_until(left.children)
            os.close(reader)
            left.process.send_signal(signal.SIGHUP)
            t.ok(tap.wait_until(lambda: left.children() not in ([], before)),
                 "log without a reader, HUP: spares are replaced")
            with Client(left.port) as c:
                t.eq(c.fetch("/quick.py").body, b"quick",
                     "log without a reader, HUP: clients are served")
            reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
            os.set_blocking(reader, True)
            left.process.send_signal(signal.SIGHUP)
            t.ok(os.read(reader, 1000),
                 "log without a reader, HUP: the next one finds records")
            drainer = threading.Thread(target=drain, args=(reader,))
            drainer.start()
        drainer.join(tap.scaled(60))
    finally:
        shutil.rmtree(top)


def read_in_thread(s):
    """A script's own thread that waited for the body was not woken while no
    function ran, and the handler thread left the body to it: no response came,
    and a processor was busy."""
    for path, answer in (("/regress_thread.py", b"3000"),
                         ("/regress_thread_frames.py", b"3000 3000")):
        with Client(s.port) as c:
            x = c.open(path, "POST")
            c.wait_for(lambda: x.frames)        # a 103
            for _ in range(3):
                c.ping()
                c.send_data(x.sid, b"x" * 1000)
            c.ping()
            c.send_data(x.sid, b"", True)
            c.wait_for(lambda: x.done)
            t.eq(x.body, answer, f"{path}: the body is read, main runs")


def in_shell(s, limit):
    """Makes a server that is not started yet begin under this ulimit."""
    s.argv = ["sh", "-c", f'ulimit {limit}; exec "$@"', "sh", *s.argv]
    return s


def _status(s, text):
    """Returns whether the server's records for USR1 contain text."""
    seen = len(s.log())
    s.process.send_signal(signal.SIGUSR1)
    return tap.wait_until(lambda: text in s.log()[seen:], 0.2)


def spares_take_all(s):
    """--spare used all descriptors: clients and --max-processes had none left,
    and the log said so once a second."""
    if not os.path.isdir("/proc/self/fd"):
        t.skip("spares take all descriptors", "needs /proc")
        return
    with in_shell(Server(SCRIPTS, "--spare", "64"), "-n 64") as few:
        def ready():
            n = len(few.children())
            return n if _status(few, f", {n} spare") else 0
        t.ok(few.wait_log("warn: no spare child: Too many open files"),
             "spares take all descriptors: the last cannot be made")
        n = tap.wait_until(ready)
        t.ok(n and 64 - len(os.listdir(f"/proc/{few.pid}/fd")) >= 8,
             "spares take all descriptors: some are left",
             (n, os.listdir(f"/proc/{few.pid}/fd")))
        late = time.monotonic() + 2.5   # time for at least two more attempts
        tap.wait_until(lambda: time.monotonic() > late)
        t.eq(few.log().count("no spare child"), 1,
             "spares take all descriptors: it is logged once")


def notices_unread(s):
    """HUP, and a supervisor reads no notices: when some had queued up, the
    parent waited for it and served nobody."""
    top = tempfile.mkdtemp(prefix="h2rig-test-")
    path = os.path.join(top, "notify")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unread:
            unread.bind(path)
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
                other.setblocking(False)
                with Server(SCRIPTS, env={"NOTIFY_SOCKET": path}) as told:
                    try:
                        while other.sendto(b"x", path):
                            pass
                    except BlockingIOError:
                        pass
                    told.process.send_signal(signal.SIGHUP)
                    t.ok(told.wait_log("info: reloaded", 5),
                         "notices are not read, HUP: it is reloaded",
                         told.log()[-500:])
                    with Client(told.port) as c:
                        t.eq(c.fetch("/quick.py").body, b"quick",
                             "notices are not read, HUP: clients are served")
                    unread.settimeout(tap.scaled(60))
                    texts = (unread.recv(100) for _ in range(1000))
                    found = next((x for x in texts if b"RELOADING" in x), b"")
                    t.eq((found[:11], next(texts)),
                         (b"RELOADING=1", b"READY=1"),
                         "notices are read later: what is true comes")
    finally:
        shutil.rmtree(top)


def full_house(s):
    """--max-children 1.  The log said for each client that all children were
    busy, since some had been free in between."""
    began = time.monotonic()
    for _ in range(30):
        with Client(s.port) as c:
            c.ping()
            with Client(s.port, tls=False, preface=False):
                s.wait_log("all 1 children are busy")
    took = time.monotonic() - began
    n = s.log().count("all 1 children are busy")
    t.ok(1 <= n <= took + 2, "full house: it is logged once a second at most",
         (n, took))


def pipe_of_reload(s):
    """Children forked while routes were loaded had the pipe for the result: a
    script could read it away."""
    top = tempfile.mkdtemp(prefix="h2rig-test-")
    routes, hold = os.path.join(top, "routes"), os.path.join(top, "hold")

    def write(text):
        with open(routes, "w", encoding="ascii") as f:
            f.write(text + "routes = []\n")

    def pipes(port):
        with Client(port) as c:
            return c.fetch(answers("pipes")).body
    try:
        write("")
        with Server(SCRIPTS, "--routes", routes) as s:
            before = pipes(s.port)
            write(f"import os, time\nopen({hold!r}, 'w').close()\n"
                  f"while os.path.exists({hold!r}):\n    time.sleep(0.01)\n")
            s.process.send_signal(signal.SIGHUP)
            tap.wait_until(lambda: os.path.exists(hold))
            t.eq(pipes(s.port), before, "pipe of a reload: no child has it")
            os.unlink(hold)
            t.ok(s.wait_log("info: reloaded"), "pipe of a reload: it goes on")
    finally:
        shutil.rmtree(top)


def drain(descriptor):
    """Reads to the end and closes."""
    with os.fdopen(descriptor, "rb") as f:
        f.read()


IDLE = str(max(2, round(tap.scaled(2))))        # longer than a handshake

CASES = [   # name, test, options
    ("queue-exactly-full", queue_exactly_full, "--stall-timeout 1"),
    ("slow-readers", slow_readers, ""),
    ("block-left-open", block_left_open, "--log-level debug"),
    ("goaway-while-running", goaway_while_running, "--run-limit 0"),
    ("drain-promise", drain_promise, "--grace 600"),
    ("drain-upload", drain_upload, "--grace 600"),
    ("drain-silent", drain_silent, "--grace 600 --cleartext"),
    ("descriptors-closed", descriptors_closed, ""),
    ("one-octet-frames-default", lambda s: one_octet_frames(s, 70000), ""),
    ("one-octet-frames", lambda s: one_octet_frames(s, 200),
     "--max-data-frames 100"),
    ("frames-as-objects", frames_as_objects, ""),
    ("tunnels", tunnels, "--run-limit 1"),
    ("finalizers", finalizers, "--run-limit 1"),
    ("no-run-limit-stall", no_run_limit_stall,
     "--run-limit 0 --stall-timeout 1"),
    ("no-run-limit-idle", no_run_limit_idle,
     f"--run-limit 0 --idle-timeout {IDLE}"),
    ("functions-after-end", functions_after_end,
     "--max-concurrent-streams 2"),
    ("raised-twice", raised_twice, "--run-limit 1"),
    ("http1-after-alpn", http1_after_alpn, ""),
    ("http1-cleartext", http1_cleartext, "--cleartext"),
    ("silent-cleartext", silent_cleartext,
     "--cleartext --stall-timeout 1 --handshake-timeout 3"),
    ("sni-octets", sni_octets, ""),
    ("log-unread", log_unread, ""),
    ("log-without-reader", log_without_reader, ""),
    ("read-in-thread", read_in_thread, "--run-limit 0"),
    ("spares-take-all", spares_take_all, ""),
    ("full-house", full_house, "--max-children 1"),
    ("pipe-of-reload", pipe_of_reload, ""),
    ("notices-unread", notices_unread, ""),
]

for name, case, options in CASES:
    if sys.argv[1:] and name not in sys.argv[1:]:
        continue
    try:
        with Server(SCRIPTS, "--grace", "1", *options.split()) as server:
            case(server)
    except Exception:                   # the other cases still run
        t.ok(False, f"{name}: runs to its end", traceback.format_exc())
t.done()
