#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the log: where it goes and in which form; what HUP and USR1 do;
children that die before their first request."""
import contextlib
import fcntl
import json
import os
import re
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import READY, SCRIPTS, Server, make_pair, program, write_scripts

t = tap.Tap()
DIR = tempfile.mkdtemp(prefix="h2rig-log-")
LOG = os.path.join(DIR, "log")


def read(path):
    """Returns a file's text, or "" if there is no file."""
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def wait_text(path, regex):
    """Waits until the file matches regex.  Returns the match."""
    return tap.wait_until(lambda: re.search(regex, read(path), re.M))


def served(c):
    """Returns whether the client gets its response."""
    return c.fetch("/quick.py", body=b"hello").body == b"hello"


# ---- form

def start_line():
    """The first record names the program, its limits, the document
    root and the address."""
    with Server(SCRIPTS) as s:
        first = s.log().splitlines()[0]
        t.ok(re.search(r"info: h2rig \d\S*, Python 3\.\d+\.\d+\S*, "
                       r"OpenSSL \d.*; at most 512 children, 100 streams "
                       r"each, functions 300 s, memory \d+ MiB; serving /\S+ "
                       rf"on https://127\.0\.0\.1:{s.port}$", first),
             "the first record", first)


def as_json():
    """--log-format json: each line is an object."""
    odd = os.path.join(DIR, 'a"b\\c\n\x01\xe4')
    os.mkdir(odd)
    with open(os.path.join(odd, "x.py"), "w", encoding="ascii") as f:
        f.write("def main(request, response):\n    raise ValueError('x' * "
                "20000)\n")
    with Server(odd, "--log-format", "json") as s:
        with Client(s.port) as c:
            t.eq(c.fetch("/x.py").status, 500, "a script fails")
            c.leave()
        t.ok(s.wait_log("ended: closed by client"), "its end is logged")
        lines = s.log().splitlines()
    records = []
    for line in lines:
        try:
            records.append(json.loads(line))
        except ValueError:
            t.ok(False, "a record is JSON", line)
    t.eq(len(records), len(lines), "all records are JSON")
    t.ok(all({"level", "pid", "text", "time"} <= set(r)
             for r in records), "with their members",
         records[0])
    t.ok(any(odd in r["text"] for r in records),
         "odd characters come back", records[0])
    t.ok(any(r["text"].endswith("...") for r in records),
         "a long text is cut, and still JSON", [len(x) for x in lines])
    t.ok(max(map(len, lines)) < 8192, "in bounds")


def to_file():
    """--log-file is appended to, and opened again on HUP."""
    with open(LOG, "w", encoding="ascii") as f:
        f.write("kept\n")
    with Server(SCRIPTS, "--log-file", LOG) as s:
        with Client(s.port) as c:
            t.ok(served(c), "client is served")
        t.ok(wait_text(LOG, r"child \d+ of \S+ ended"), "the file has records")
        t.ok(read(LOG).startswith("kept\n"), "what was in it stays")
        t.eq(s.log(), "", "standard error has none")
        os.rename(LOG, LOG + ".1")
        with Client(s.port) as c:
            t.ok(served(c), "client is served")
        t.ok(tap.wait_until(lambda: read(LOG + ".1").count(" ended: ") == 2),
             "a file that was moved is still written to")
        s.process.send_signal(signal.SIGHUP)
        t.ok(wait_text(LOG, r"info: reloaded$"), "HUP makes a new one")
        size = os.path.getsize(LOG + ".1")
        with Client(s.port) as c:
            t.ok(served(c), "client is served")
        t.ok(wait_text(LOG, r"child \d+ of \S+ ended"), "records go there")
        t.eq(os.path.getsize(LOG + ".1"), size, "and no more to the old one")
        os.unlink(LOG)
        os.mkdir(LOG)               # cannot be opened
        s.process.send_signal(signal.SIGUSR1)
        s.process.send_signal(signal.SIGHUP)
        with Client(s.port) as c:
            t.ok(served(c), "the file cannot be opened again: still served")
        os.rmdir(LOG)
        s.process.send_signal(signal.SIGHUP)
        t.ok(wait_text(LOG, "info: reloaded$"), "the next HUP can")
    done = subprocess.run([s.argv[0], "--log-file", DIR, SCRIPTS], check=False,
                          stderr=subprocess.PIPE, timeout=tap.scaled(60))
    t.eq((done.returncode, done.stderr.decode()),
         (78, f'h2rig: --log-file: "{DIR}": expected a file to append to: Is '
              "a directory\n"), "--log-file is a directory: exit 78")


# ---- requests

def requests():
    """Each request has a record at level info."""
    with Server(SCRIPTS) as s:
        with Client(s.port) as c:
            t.ok(served(c), "client is served")
            c.fetch("/none")
            port = c.sock.getsockname()[1]
            for line in (r"method=POST path=/quick\.py status=200 octets=5 "
                         r"ms=\d+ stream=1",
                         r"method=GET path=/none status=404 octets=\d+ "
                         r"ms=\d+ stream=3"):
                t.ok(s.wait_log(rf"info: request {line} "
                                rf"client=127\.0\.0\.1:{port}$"), line,
                     s.log()[-1000:])
            x = c.request("/busy.py?how=sleep")
            c.send_frame(3, 0, x.sid, b"\0\0\0\x08")    # RST_STREAM
            c.fetch("/note.py?set=enough")
            t.ok(s.wait_log(r"path=/busy\.py\S* status=reset octets=0 "
                            r"ms=\d+ stream=5 "), "a reset one",
                 s.log()[-1000:])
    with Server(SCRIPTS, "--log-format", "json") as s, Client(s.port) as c:
        t.ok(served(c), "client is served")
        line = s.wait_log(r'.*"text":"request".*')
        record = json.loads(line.group()) if line else {}
        t.eq([record.get(k) for k in ("method", "path", "status", "octets",
                                      "stream")],
             ["POST", "/quick.py", 200, 5, 1], "as JSON")
    with Server(SCRIPTS, "--log-level", "warn") as s:
        with Client(s.port) as c:
            t.ok(served(c), "client is served")
        t.eq(s.stop(), 0, "stopped")
        t.ok("info: " not in s.log(), "no such record at level warn", s.log())


# ---- HUP

def reload(s, result):
    """Sends HUP and waits for another record that matches result."""
    n = len(re.findall(result, s.log()))
    s.process.send_signal(signal.SIGHUP)
    return t.ok(tap.wait_until(lambda: len(re.findall(result, s.log())) > n,
                               30),
                f"HUP: the log says {result}", s.log()[-1000:])


FAILED = "error: not reloaded, going on as before: "


def new_certificate():
    """HUP with another certificate, and with a broken one."""
    if not shutil.which("openssl"):
        return t.skip("new certificate", "needs the program openssl")
    cert, key = make_pair(DIR, "one")
    one = read(cert).split()
    with Server(SCRIPTS, "--cert", cert, "--key", key) as s:
        with Client(s.port) as c:
            t.ok(served(c), "client is served")
            t.eq(s.certificate(), one, "the first certificate")
            make_pair(DIR, "two")
            two = read(cert).split()
            t.eq(s.certificate(), one, "the first one until HUP")
            reload(s, "info: reloaded")
            t.eq(s.certificate(), two, "the second one after it")
            t.ok(served(c), "a connection from before is still served")
        os.unlink(key)
        reload(s, FAILED + "--key: ")
        t.eq(s.certificate(), two, "no key: the second one stays")
        os.mkfifo(key)
        reload(s, FAILED + "--key: .* not a FIFO")
        os.unlink(key)
        os.rename(cert, cert + ".old")
        os.mkfifo(cert)
        reload(s, FAILED + "--cert: .* not a FIFO")
        os.unlink(cert)
        t.eq(s.certificate(), two, "FIFOs: nobody has to wait for them")
        make_pair(DIR, "three")
        reload(s, "info: reloaded")
        t.eq(s.certificate(), read(cert).split(), "the third after a mistake")
    with Server(SCRIPTS) as s:
        made = s.certificate()
        reload(s, "info: reloaded")
        t.eq(s.certificate(), made, "a certificate made in memory is kept")
    return None


def new_routes():
    """If HUP finds a routes file that does not load, the
    certificate is kept too."""
    routes = os.path.join(DIR, "routes.py")

    def write(text):
        with open(routes, "w", encoding="ascii") as f:
            f.write(text)

    route = "routes = [('GET', '/r', lambda q, r: %r)]\n"
    write(route % "one")
    with Server(SCRIPTS, "--routes", routes) as s:
        t.eq(answer(s), b"one", "the routes of the start")
        write(route % "two")
        t.eq(answer(s), b"one", "an edit waits for HUP")
        reload(s, "info: reloaded")
        t.eq(answer(s), b"two", "which brings it")
        write("routes = [\n")
        reload(s, FAILED + r"\S*routes\.py")
        t.eq(answer(s), b"two", "what does not load changes nothing")
        write(route % "three")
        reload(s, "info: reloaded")
        t.eq(answer(s), b"three", "and once mended it does")


# ---- HUP, with a routes file that takes its time

ROUTES = os.path.join(DIR, "slow.py")
STARTED = os.path.join(DIR, "started")      # has the process id of the probe
GO = os.path.join(DIR, "go")
ROUTE = "routes = [('GET', '/r', lambda q, r: %r)]\n"
HELD = (f"import os, time\nwith open({STARTED + '.new'!r}, 'w') as f:\n"
        "    f.write(str(os.getpid()))\n"
        f"os.rename({STARTED + '.new'!r}, {STARTED!r})\n"
        f"while not os.path.exists({GO!r}):\n    time.sleep(0.01)\n")


def write_routes(text):
    """Writes the routes file for the next HUP."""
    with open(ROUTES + ".new", "w", encoding="ascii") as f:
        f.write(text)
    os.rename(ROUTES + ".new", ROUTES)


def hold(s, name):
    """Sends HUP with routes that wait for GO.  Returns the id of the
    process that loads them."""
    for path in STARTED, GO:
        if os.path.exists(path):
            os.unlink(path)
    write_routes(HELD + ROUTE % name)
    s.process.send_signal(signal.SIGHUP)
    t.ok(wait_text(STARTED, "."), f"{name}: routes run that do not end")
    return int(read(STARTED) or 0)


def release():
    """Lets those routes go on."""
    with open(GO, "wb"):
        pass


def answer(s):
    """Returns what a new connection gets."""
    with Client(s.port) as c:
        return c.fetch("/r").body


def gone(pid):
    """Returns whether a process does not exist."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def slow_routes():
    """The parent serves, reaps and stops while a probe loads the routes."""
    write_routes(ROUTE % "one")
    with Server(SCRIPTS, "--routes", ROUTES, "--log-file", LOG) as s:
        with Client(s.port) as c:
            pid = hold(s, "two")
            t.eq(answer(s), b"one", "new connections meanwhile: as before")
            t.ok(served(c), "and one from before is served")
        t.ok(tap.wait_until(lambda: s.children() == [pid]),
             "meanwhile children are reaped", s.children())
        write_routes(ROUTE % "three")
        for _ in range(3):
            os.rename(LOG, LOG + ".1")
            s.process.send_signal(signal.SIGHUP)
            t.ok(tap.wait_until(lambda: os.path.exists(LOG)),
                 "another HUP meanwhile: the log file at once")
        t.eq(answer(s), b"one", "the routes not yet")
        t.ok(tap.wait_until(lambda: s.children() == [pid]),
             "and one process tries at a time", s.children())
        release()
        t.ok(tap.wait_until(lambda: read(LOG).count("info: reloaded\n") == 2),
             "then both, the three as one", read(LOG))
        t.eq(answer(s), b"three", "and the routes are the last ones")
        t.ok(tap.wait_until(lambda: not s.children()), "no process is left")
        t.ok("child %d " % pid not in read(LOG), "it was no connection's",
             read(LOG))
    write_routes(ROUTE % "one")
    with Server(SCRIPTS, "--routes", ROUTES, "--grace", "1000") as s:
        pid = hold(s, "four")
        t.eq(s.stop(), 0, "TERM meanwhile: exit status 0")
        t.ok(tap.wait_until(lambda: gone(pid)), "the process is gone")
        t.ok("reloaded" not in s.log(), "nothing was reloaded", s.log())
    write_routes(ROUTE % "one")
    with Server(SCRIPTS, "--routes", ROUTES, "--idle-exit", "3") as s:
        pid = hold(s, "five")
        t.eq(s.process.wait(tap.scaled(60)), 0, "--idle-exit meanwhile")
        t.ok(tap.wait_until(lambda: gone(pid)), "the process is gone too")
        s.stop()


def bad_routes():
    """Routes that never finish loading: they are not used, and neither is
    the new certificate."""
    if not shutil.which("openssl"):
        return t.skip("routes without an answer", "needs the program openssl")
    cert, key = make_pair(DIR, "one")
    one = read(cert).split()
    write_routes(ROUTE % "one")
    with Server(SCRIPTS, "--routes", ROUTES, "--cert", cert, "--key",
                key) as s:
        make_pair(DIR, "two")
        for text, how in (
                ("import os\nos._exit(0)\n", "left"),
                ("import os\nos.abort()\n", "SIGABRT"),
                ("import os\nos.execv('/bin/true', ['true'])\n", "left"),
                ("import os\nos.kill(os.getpid(), 19)\n", "SIGKILL")):
            write_routes(text + ROUTE % "bad")
            reload(s, FAILED + r"--routes: .*within 10 s, and its process "
                   + how)
            t.eq(answer(s), b"one", f"{how}: the routes stay")
            t.eq(s.certificate(), one, f"{how}: the certificate stays")
        os.unlink(ROUTES)
        os.mkfifo(ROUTES)
        reload(s, FAILED + r"\S*slow\.py: not a regular file")
        os.unlink(ROUTES)
        write_routes("import os\nif os.fork() == 0:\n    import time\n"
                     "    time.sleep(1000)\n" + ROUTE % "two")
        reload(s, "info: reloaded")
        t.eq(answer(s), b"two", "it forks and loads: taken")
        t.eq(s.certificate(), read(cert).split(), "and the certificate with it")
        t.ok(tap.wait_until(lambda: not s.children()), "no process is left")
    return None


# ---- USR1

def status():
    """USR1: a line for each child, with what it runs."""
    with Server(SCRIPTS) as s:
        s.process.send_signal(signal.SIGUSR1)
        t.ok(s.wait_log(r"info: 0 children of at most 512$"), "no child")
        with Client(s.port) as a, Client(s.port) as b:
            t.ok(served(a), "a client is served")
            x = b.request("/busy.py?seconds=1000&how=sleep")
            t.ok(b.ping() and x.status is None, "a script of another sleeps")
            ports = [c.sock.getsockname()[1] for c in (a, b)]
            running = (rf"info: child \d+ of 127\.0\.0\.1:{ports[1]}: "
                       r"running.*, running main in \S*busy\.py on stream 1; "
                       r"\d+\.\d{3} s, 1 streams, \d+ octets in, \d+ out")

            def asked():
                s.process.send_signal(signal.SIGUSR1)
                return re.search(running, s.log())
            t.ok(tap.wait_until(asked), "what runs", s.log()[-1000:])
            t.ok(s.wait_log(rf"info: child \d+ of 127\.0\.0\.1:{ports[0]}: "
                            r"idle; "), "what is idle", s.log()[-1000:])
            t.ok(s.wait_log("info: 2 children of at most 512"), "how many")
            for pid in s.children():
                os.kill(pid, signal.SIGUSR1)
                os.kill(pid, signal.SIGHUP)
            t.ok(served(a), "USR1 and HUP do nothing to a child")
            s.stop(signal.SIGTERM, 0)
            s.stop(signal.SIGTERM)


# ---- children that die at once

def dying():
    """SIGKILL from outside comes before the first request, as when memory
    is short: the parent makes pauses, which double, until a child has
    served a request."""
    with Server(SCRIPTS, "--log-level", "debug") as s:
        for ms in 100, 200, 400:
            with Client(s.port) as c:
                pid = tap.wait_until(s.children)[0]
                os.kill(pid, signal.SIGKILL)
                c.wait_end()
            t.ok(s.wait_log(rf"debug: waiting for {ms} ms$"),
                 f"a child is killed: {ms} ms", s.log()[-1000:])
        t.eq(s.log().count("warn: children die before their first request, "
                           "accepting slowly"), 1, "it is logged once")
        with Client(s.port) as c:
            t.ok(served(c), "the next one is served")
            pid = tap.wait_until(s.children)[0]
        t.ok(s.wait_log("info: children live again, accepting as before"),
             "the end is logged", s.log()[-1000:])
        waits = s.log().count("debug: waiting for")
        t.ok(tap.wait_until(lambda: not s.children()), "it is gone")
        with Client(s.port) as c:
            t.ok(served(c), "one more is served")
            os.kill(s.children()[0], signal.SIGKILL)
            c.wait_end()
        t.ok(s.wait_log("killed by SIGKILL.* 1 streams"),
             "killed after a request", s.log()[-1000:])
        t.eq(s.log().count("debug: waiting for"), waits, "no pause for that")


# ---- a reader that has stopped

class Piped:
    """A server whose log is a pipe that the test reads only by read()."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        docroot = os.path.join(DIR, "prints")
        write_scripts(docroot, PIPED)
        self.reading, writing = os.pipe()
        self.process = subprocess.Popen(
            [program(), "--port", "0", "--bind", "127.0.0.1", "--grace", "1",
             *self.options, docroot], stdout=subprocess.PIPE, stderr=writing)
        os.close(writing)
        line = self.process.stdout.readline().decode()
        self.port = int(READY.search(line).group(3))
        self.text = bytearray()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        os.close(self.reading)

    def fill(self, c):
        """Makes a script of client c print until the pipe is full."""
        x = c.request("/prints.py")
        t.ok(tap.wait_until(lambda: unread(self.reading) > 4000),
             "a script has filled the log's pipe", unread(self.reading))
        return x

    def read(self, what):
        """Reads up to a record that matches.  Returns False
        if there is none."""
        end, seen = time.monotonic() + tap.scaled(300), 0
        while not re.compile(what).search(self.text, seen):
            left = end - time.monotonic()
            if left < 0 or not select.select([self.reading], [], [], left)[0]:
                return False
            seen = self.text.rfind(b"\n") + 1
            self.text += os.read(self.reading, 65536)
        return True


PIPED = {
    "prints": "def main(request, response):\n"
              "    while True:\n"
              "        print('x' * 200)\n",
    "lines": "def main(request, response):\n"
             "    for i in range(int(request.GET.first(b'n'))):\n"
             "        print('line %d' % i)\n"
             "    return 'printed'\n",
    "programs": "import os\n"
                "def main(request, response):\n"
                "    for i in range(int(request.GET.first(b'n'))):\n"
                "        os.write(1, b'x' * 199 + b'\\n')\n"
                "    return 'written'\n",
    "quick": "def main(request, response):\n    return 'quick'\n",
    "many": "import os\n"
            "def main(request, response):\n"
            "    i = request.GET.first(b'i')\n"
            "    print('printed', i.decode())\n"
            "    os.write(2, b'written %s\\n' % i)\n",
}


def slow_reader():
    """Scripts fill the log's pipe; the parent accepts, reaps and
    stops nevertheless."""
    with Piped() as s:
        clients = [Client(s.port) for _ in range(40)]
        s.fill(clients[0])
        # More than the pipe holds: each USR1 makes a line for each child.
        for _ in range(40):
            s.process.send_signal(signal.SIGUSR1)
            clients.append(Client(s.port))
            if not clients[-1].ping():
                break
        t.ok(clients[-1].ping(), "nobody reads the log: still accepting")
        t.eq(len(clients), 80, "all of them")
        s.process.send_signal(signal.SIGUSR1)
        t.ok(s.read(rb"info: 80 children of at most"), "the last of it comes",
             s.text[-1000:])
        lines = s.text[:s.text.rfind(b"\n")].split(b"\n")
        whole = re.compile(rb"\d{4}-\S+Z h2rig\[\d+\] (info|warn): .")
        t.eq([x for x in lines if not whole.match(x)], [], "records are whole")
        held = [x for x in lines if b"h2rig[%d]" % s.process.pid in x]
        t.ok(len(held) > 1000, "and held meanwhile", len(held))
        for c in clients[1:]:
            c.close()
        s.process.terminate()
        t.eq(s.process.wait(tap.scaled(60)), 0,
             "nobody reads the log: TERM, exit status 0")


def unread_log():
    """Nobody reads the log: the protocol goes on, scripts wait, and none is
    blamed.  After they have waited long enough, records are lost, and the log
    says so.  Records of the parent are not lost."""
    with Piped("--run-limit", "2", "--silence-limit", "1", "--max-resets",
               "10000") as s, \
            Client(s.port) as full, Client(s.port, timeout=30) as c:
        s.fill(full)
        # 2,000 streams that the server resets: each has a record.
        for i in range(2000):
            c.open("/", headers=[("Upper", "case")], end_stream=True)
            if not i % 100 and not c.ping():
                break
        t.ok(c.ping(), "resets: PING is answered")
        for path, body in (("/lines.py?n=3000", b"printed"),
                           ("/programs.py?n=3000", b"written"),
                           ("/quick.py", b"quick")):
            t.eq(c.fetch(path).body, body, f"{path}: goes on")
        t.ok(s.read(rb"warn: [1-9]\d* records before this one were lost: "),
             "what was lost is said", s.text[-1000:])
        port = c.sock.getsockname()[1]
        c.leave()
        t.ok(s.read(rb"child \d+ of 127\.0\.0\.1:%d ended: closed by client"
                    % port), "and it was nobody's fault", s.text[-1000:])
        t.ok(b"ran for more than" not in s.text and b"no sign of life" not in
             s.text, "no script is blamed", s.text[-1000:])


def many_children():
    """The output of more children than select() can watch is logged."""
    n = 360
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 4 * n:
        return t.skip("more children than select can watch",
                      "so many descriptors are not allowed")
    docroot = os.path.join(DIR, "prints")
    with Server(docroot, "--cleartext") as s, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(s.port, tls=False))
                   for _ in range(n)]
        for i, c in enumerate(clients):
            c.request(f"/many.py?i={i}")
        for i in 0, n - 1:
            t.ok(s.wait_log(rf"info: script output: printed {i}$", 30),
                 f"child {i} is heard: what it prints")
            t.ok(s.wait_log(rf"warn: script output: written {i}$", 30),
                 f"child {i} is heard: what it writes")
        t.ok(tap.wait_until(lambda: s.log().count("output: printed") == n, 30),
             "all are")
    return None


def unread(fd):
    """Returns the number of octets that wait in a pipe."""
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))[0]


try:
    start_line()
    as_json()
    to_file()
    requests()
    new_certificate()
    new_routes()
    slow_routes()
    bad_routes()
    status()
    dying()
    slow_reader()
    unread_log()
    many_children()
finally:
    shutil.rmtree(DIR, ignore_errors=True)
t.done()
