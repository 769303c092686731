#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests how other programs may start the server, by hand: descriptors and
variables that it inherits.  supervisors.t has the real supervisors."""
import contextlib
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import Server, program
from supervised import (DIR, DOCROOT, LOG, RUNNING, clear_log, end_all, ended,
                        read, read_all, served, start, wait_text,
                        write_docroot)

t = tap.Tap()


def pair():
    """Returns both ends of a TCP connection: the client's and the server's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]


class OneShot:
    """A listener whose first connection goes to `h2rig --inetd`, as
    descriptors 0, 1 and 2 unless fds says otherwise."""

    def __init__(self, *options, fds=None, env=None, accept=True):
        self.options, self.fds, self.env = options, fds, env
        self.accept = accept
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        # The connection waits in the queue until accept.
        self.client = Client(self.port, tls=False, preface=False)
        conn = self.listener.accept()[0]
        fds = self.fds(conn) if self.fds else {0: conn, 1: conn, 2: conn}
        self.process = start(program(), *self.options, DOCROOT, fds=fds,
                             env=self.env)
        conn.close()
        return self

    def __exit__(self, *_):
        self.client.close()
        self.listener.close()

    def speak(self):
        """Sends the client's preface, without TLS.  Returns the client."""
        self.client.send_preface({}, None)
        return self.client


# ---- inetd, by hand

def inetd():
    """--inetd: exit codes, and what scripts print."""
    for path, status in (("/quick.py", 0), ("/abort.py", 134)):
        clear_log()
        with OneShot("--inetd", "--cleartext", "--log-file", LOG) as one:
            c = one.speak()
            c.fetch(path)
            c.leave()
            t.eq(ended(one.process), status, f"{path}: exit code {status}")
        t.ok(wait_text(LOG, r"child \d+ of 127\.0\.0\.1:\d+ ended: "),
             f"{path}: its end is logged", read(LOG))
    with OneShot("--inetd", "--cleartext", "--log-file", LOG) as one:
        one.client.sock.setblocking(True)
        one.client.sock.sendall(b"x" * 64)
        t.eq(ended(one.process), 1, "a client that breaks the protocol: 1")
    clear_log()
    with OneShot("--inetd", "--cleartext", "--log-file", LOG) as one:
        c = one.speak()
        t.eq(c.fetch("/quick.py").body, b"quick", "a quiet script")
        if os.access(f"/proc/{one.process.pid}/fd", os.R_OK):
            links = [os.readlink(f"/proc/{one.process.pid}/fd/{i}")
                     for i in range(3)]
            t.eq(links, ["/dev/null", LOG, LOG], "descriptors 0 to 2")
        else:
            t.skip("descriptors 0 to 2", "needs /proc, and root")
        for i in range(2):
            t.eq(c.fetch("/noise.py").body, b"noise", f"noise, request {i}")
        c.leave()
        t.eq(ended(one.process), 0, "the client's octets are undisturbed")
    t.ok("noise on 1" in read(LOG) and "noise on 2" in read(LOG),
         "what a script writes to 1 and 2 is in the log", read(LOG))


def inetd_log():
    """--inetd: descriptor 2 is kept if it is not the connection."""
    reading, writing = os.pipe()
    with OneShot("--inetd", "--cleartext",
                 fds=lambda conn: {0: conn, 1: conn, 2: writing}) as one:
        os.close(writing)
        c = one.speak()
        t.eq(c.fetch("/noise.py").body, b"noise", "2 is a pipe: served")
        c.leave()
        t.eq(ended(one.process), 0, "2 is a pipe: exit code 0")
    text = read_all(reading).decode()
    t.ok(re.search(r"child \d+ of \S+ ended: closed by client", text),
         "the log goes there", text)
    t.ok("noise on 1" in text, "and so does descriptor 1", text)


def record(daemon):
    """Returns the next record of h2rig in the system's log, to which other
    programs also write."""
    for _ in range(10000):
        text = daemon.recv(65536)
        if b"h2rig[" in text:
            return text
    return b""


def inetd_syslog():
    """--inetd: if descriptor 2 is the connection, records go to
    the system's log."""
    try:
        daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        daemon.bind("/dev/log")
    except OSError as e:
        return t.skip("the system's log", f"cannot be /dev/log: {e.strerror}")
    try:
        daemon.settimeout(tap.scaled(60))
        with OneShot("--inetd", "--cleartext") as one:
            c = one.speak()
            t.eq(c.fetch("/quick.py").body, b"quick", "served")
            c.leave()
            t.eq(ended(one.process), 0, "exit code 0")
        first = record(daemon)
        t.ok(re.match(rb"<30>h2rig\[\d+\]: info: h2rig [^\n]*$", first),
             "records go to the system's log", first)
        text = b""
        while b"ended: closed by client" not in text:
            text = record(daemon)
        t.ok(text.startswith(b"<30>h2rig["), "the end too", text)
        while b"stopped" not in text:
            text = record(daemon)
        with OneShot("--inetd", "--no-such") as one:
            t.eq(ended(one.process), 64, "wrong option: 64")
            got = one.client.sock
            got.settimeout(tap.scaled(60))
            t.eq(got.recv(100), b"", "nothing of it goes to the client")
        text = record(daemon)
        t.ok(re.match(rb"<27>h2rig\[\d+\]: error: --no-such: ", text),
             "but to the system's log", text)
    finally:
        daemon.close()
        os.unlink("/dev/log")
    return None


def syslog_probe():
    """--syslog: what a routes file prints goes to the system's log, at the
    start and on HUP."""
    routes = os.path.join(DIR, "prints.py")
    with open(routes, "w", encoding="ascii") as f:
        f.write("print('printed by routes', flush=True)\nroutes = []\n")
    try:
        daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        daemon.bind("/dev/log")
    except OSError as e:
        return t.skip("records of the routes' process",
                      f"cannot be /dev/log: {e.strerror}")

    def arrives(what):
        """Reads records up to one with this text.  Returns whether it came."""
        seen = b""
        try:
            while what not in seen:
                seen = record(daemon)
        except socket.timeout:
            return False
        return True
    try:
        daemon.settimeout(tap.scaled(60))
        with OtherEnv("--syslog", "--routes", routes) as s:
            t.ok(arrives(b"printed by routes"),
                 "--syslog: the routes' process has the log at start")
            s.process.send_signal(signal.SIGHUP)
            t.ok(arrives(b"printed by routes"), "and on HUP")
            t.ok(arrives(b"info: reloaded"), "the parent has it after that")
            t.ok(served(s.port), "a client is served")
            t.ok(arrives(b"info: request method=GET path=/quick.py"),
                 "and a child has it")
    finally:
        daemon.close()
        os.unlink("/dev/log")
    return None


def wrong_descriptors():
    """Descriptors that are not of the right kind."""
    def status_of(*options, fds, env=None):
        p = start(program(), *options, DOCROOT, fds=fds, env=env,
                  stderr=subprocess.PIPE)
        text = p.stderr.read().decode()
        return ended(p), text
    client, conn = pair()
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            open("/dev/null", "rb") as null, client, conn:
        connection = "h2rig: --inetd: expected a TCP connection on standard " \
                     "input\n"
        for name, f in (("a file", null), ("a listening socket", listener)):
            t.eq(status_of("--inetd", fds={0: f}), (78, connection),
                 f"--inetd with {name}")
        t.eq(status_of("--inetd-wait", fds={0: conn}),
             (78, "h2rig: --inetd-wait: expected a listening TCP socket on "
                  "standard input\n"), "--inetd-wait with a connection")
        one, two = {"LISTEN_FDS": "1"}, {"LISTEN_FDS": "2"}
        t.eq(status_of(fds={3: null}, env=one),
             (78, "h2rig: LISTEN_FDS: descriptor 3: expected a TCP socket\n"),
             "LISTEN_FDS with a file")
        t.eq(status_of(fds={3: listener, 4: conn}, env=two),
             (78, "h2rig: LISTEN_FDS: descriptor 4: expected a listening TCP "
                  "socket\n"), "LISTEN_FDS with one of each kind")
        t.eq(status_of(fds={}, env={"LISTEN_FDS": "99"}),
             (78, "h2rig: LISTEN_FDS: 99: expected at most 64\n"),
             "LISTEN_FDS with too many")
        t.eq(status_of("--notify-fd", "9", fds={9: -1}),
             (78, 'h2rig: --notify-fd: "9": expected an open descriptor: Bad '
                  "file descriptor\n"), "--notify-fd that is closed")


def inetd_wait():
    """--inetd-wait and --idle-exit."""
    out = os.path.join(DIR, "out")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for i in range(2):
            clear_log()
            with open(out, "wb") as f:
                p = start(program(), "--inetd-wait", "--idle-exit", "1",
                          "--log-file", LOG, DOCROOT, fds={0: listener},
                          stdout=f)
            with Client(port) as c:
                t.eq(c.fetch("/quick.py").body, b"quick", f"start {i}: served")
                t.ok(p.poll() is None, f"start {i}: it stays with its client")
            t.eq(ended(p), 0, f"start {i}: it ends when it is idle")
            t.ok("info: no client for 1 s (--idle-exit)" in read(LOG),
                 f"start {i}: the log says why", read(LOG))
            t.ok("listening" not in read(out), f"start {i}: no ready line")


MANY = """
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
while os.dup(2) < int(sys.argv[1]):
    pass
for fd in range(3, int(sys.argv[1]) + 1):
    os.set_inheritable(fd, True)
os.execv(sys.argv[2], sys.argv[2:])
"""


def many_descriptors():
    """More descriptors are inherited than select() can watch."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = 9000 if hard == resource.RLIM_INFINITY else min(9000, hard - 100)
    if most < 1100:
        return t.skip("many inherited descriptors", "they are not allowed")

    def begin(*options, **more):
        RUNNING.append(subprocess.Popen(
            [sys.executable, "-c", MANY, str(most), program(),
             "--max-files", "0", *options, DOCROOT], stderr=subprocess.DEVNULL, **more))
        return RUNNING[-1]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        p = begin("--inetd-wait", stdin=listener)
        t.ok(served(port), "--inetd-wait, many inherited descriptors: served")
        p.terminate()
        t.eq(ended(p), 0, "... and it ends")
    p = begin("--port", "0", stdout=subprocess.PIPE)
    ready = re.search(rb":(\d+)$", p.stdout.readline())
    t.ok(ready and served(int(ready[1])),
         "a socket of its own, many inherited descriptors: served")
    p.terminate()
    t.eq(ended(p), 0, "... and it ends")
    p.stdout.close()
    client, conn = pair()
    with client, conn:
        p = begin("--inetd", "--cleartext", stdin=conn)
        conn.close()
        client.sendall(b"no preface" + bytes(32))
        t.eq(ended(p), 1, "a connection, many inherited descriptors: served")
    return None


def stays_queued():
    """--inetd-wait: a connection that is queued when one server stops is
    served by the next."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        clear_log()

        def server(places):
            return start(program(), "--inetd-wait", "--max-children", places,
                         "--grace", "60", "--log-file", LOG, DOCROOT,
                         fds={0: listener})
        first = server("1")
        busy = stack.enter_context(Client(port))
        x = busy.request("/sleep.py")
        t.ok(busy.wait_for(lambda: x.status), "stays queued: a full house")
        # The first is accepted, so that the log can name it;
        # the others are not.
        held = stack.enter_context(socket.create_connection(
            ("127.0.0.1", port)))
        t.ok(wait_text(LOG, "all 1 children are busy"), "and one that waits")
        ends = []

        def client():
            with Client(port, timeout=60) as c:
                ends.append((c.fetch("/quick.py").body, c.goaway))
        threads = [threading.Thread(target=client) for _ in range(3)]
        for thread in threads:
            thread.start()
        first.send_signal(signal.SIGTERM)
        t.ok(wait_text(LOG, "1 connections that had waited are told"),
             "stays queued: the one is told", read(LOG))
        first.send_signal(signal.SIGTERM)
        t.eq(ended(first), 0, "stays queued: the first server ends")
        second = server("9")
        for thread in threads:
            thread.join()
        t.eq(ends, [(b"quick", None)] * 3, "the second one serves the others")
        held.close()
        second.send_signal(signal.SIGTERM)
        t.eq(ended(second), 0, "stays queued: the second server ends")


def stop_on_eof():
    """--stop-on-eof: the process that started the server
    may die in any way."""
    for option in "--stop-on-eof", "--sto":
        clear_log()
        p = start(program(), option, "--log-file", LOG, "--port", "0",
                  DOCROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        port = int(re.search(rb":(\d+)$", p.stdout.readline())[1])
        p.stdin.write(b"x" * 5000)
        p.stdin.flush()
        with Client(port) as c:
            t.eq(c.fetch("/quick.py").body, b"quick",
                 f"{option}: served, whatever is written to its input")
            t.ok(p.poll() is None, f"{option}: it stays")
        p.stdin.close()
        t.eq(ended(p), 0, f"{option}: it stops when that ends")
        t.ok("info: standard input has ended (--stop-on-eof)" in read(LOG),
             f"{option}: the log says why", read(LOG))
        p.stdout.close()


def leash_is_no_notice():
    """--notify-fd refuses a descriptor that was closed at the start, even if
    the server has opened it since."""
    p = start(program(), "--stop-on-eof", "--notify-fd", "4", "--port", "0",
              DOCROOT, fds={3: -1, 4: -1}, stdin=subprocess.PIPE)
    t.eq(ended(p), 78, "--stop-on-eof: --notify-fd of a closed descriptor")
    p.stdin.close()


def idle_while_stopped():
    """--idle-exit: a client that came while the server was
    stopped is served."""
    p = start(program(), "--idle-exit", "1", "--port", "0", DOCROOT,
              stdout=subprocess.PIPE)
    ready = p.stdout.readline()         # no client is awaited yet
    p.send_signal(signal.SIGSTOP)
    port = int(re.search(rb":(\d+)$", ready)[1])
    go_on = threading.Timer(1.5, p.send_signal, [signal.SIGCONT])
    go_on.start()
    with Client(port) as c:
        t.eq(c.fetch("/quick.py").body, b"quick", "idle while stopped: served")
    go_on.join()
    t.eq(ended(p), 0, "idle while stopped: and ends afterwards")
    p.stdout.close()


def reopened():
    """--inetd-wait --log-file: after HUP, descriptors 1 and 2
    are the new file."""
    clear_log()
    if not os.access("/proc/self/fd", os.R_OK) or os.getuid() != 0:
        return t.skip("descriptors after HUP", "needs /proc, and root")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        p = start(program(), "--inetd-wait", "--log-file", LOG, DOCROOT,
                  fds={0: listener, 1: listener, 2: listener})
        t.ok(served(listener.getsockname()[1]), "served")
        os.rename(LOG, LOG + ".1")
        p.send_signal(signal.SIGHUP)
        t.ok(wait_text(LOG, "info: reloaded$"), "HUP: a new file")
        links = [os.readlink(f"/proc/{p.pid}/fd/{i}") for i in range(3)]
        t.eq(links, ["/dev/null", LOG, LOG], "descriptors 0 to 2 after HUP")
        p.terminate()
        t.eq(ended(p), 0, "exit code 0")
    return None


def ucspi():
    """The client's address comes from a UCSPI server."""
    clear_log()
    with OneShot("--inetd", "--cleartext", "--log-file", LOG,
                 env={"PROTO": "TCP", "TCPREMOTEIP": "192.0.2.7",
                      "TCPREMOTEPORT": "1234"}) as one:
        c = one.speak()
        names = json.loads(c.fetch("/env.py").body)
        t.eq([n for n in names if n.startswith("TCP") or n == "PROTO"], [],
             "scripts do not see the UCSPI variables")
        c.leave()
        t.eq(ended(one.process), 0, "exit code 0")
    t.ok(wait_text(LOG, r"child \d+ of 192\.0\.2\.7:1234 ended"),
         "TCPREMOTEIP and TCPREMOTEPORT are the client", read(LOG))


# ---- systemd, s6: by hand

def listen_fds():
    """LISTEN_FDS with listening sockets, and with a connection."""
    env = {"LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}
    with socket.create_server(("127.0.0.1", 0)) as a, \
            socket.create_server(("127.0.0.1", 0)) as b:
        p = start(program(), DOCROOT, fds={3: a, 4: b}, env=env)
        for s in a, b:
            with Client(s.getsockname()[1]) as c:
                names = json.loads(c.fetch("/env.py").body)
                t.ok(not any(n.startswith("LISTEN_") for n in names),
                     "listening sockets: served, variables are gone", names)
                t.eq(c.fetch("/port.py").body, b"%d of %r" % (
                    c.port, [a.getsockname()[1], b.getsockname()[1]]),
                     "listening sockets: each tells its own port")
        p.terminate()
        t.eq(ended(p), 0, "listening sockets: exit code 0")
        other = dict(env, LISTEN_PID="1")
        with OtherEnv("--bind", "127.0.0.1", env=other) as s:
            t.ok(served(s.port), "LISTEN_PID of another process: ignored")
    clear_log()
    with OneShot("--cleartext", "--log-file", LOG,
                 fds=lambda conn: {3: conn}, env={"LISTEN_FDS": "1"}) as one:
        c = one.speak()
        t.eq(c.fetch("/port.py").body, b"%d of %r" % (
            c.port, [c.port] * 2),
             "a connection: served")
        c.leave()
        t.eq(ended(one.process), 0, "a connection: ends with its client")


class OtherEnv(Server):
    """A server with DOCROOT."""

    def __init__(self, *options, env=None):
        super().__init__(DOCROOT, *options, env=env)


def notify_fd():
    """--notify-fd writes a newline and closes."""
    reading, writing = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    p = start(program(), "--notify-fd", "5", "--bind", "127.0.0.1", "--port",
              str(port), DOCROOT, fds={5: writing})
    os.close(writing)
    t.eq(read_all(reading), b"\n", "--notify-fd: newline, closed")
    # One attempt is enough: the server said that it was ready.
    with Client(port) as c:
        t.eq(c.fetch("/quick.py").body, b"quick", "it was ready")
    p.terminate()
    t.eq(ended(p), 0, "exit code 0")


try:
    write_docroot()
    inetd()
    inetd_log()
    inetd_syslog()
    syslog_probe()
    wrong_descriptors()
    inetd_wait()
    many_descriptors()
    idle_while_stopped()
    stop_on_eof()
    leash_is_no_notice()
    stays_queued()
    reopened()
    ucspi()
    listen_fds()
    notify_fd()
finally:
    end_all()
    shutil.rmtree(DIR, ignore_errors=True)
t.done()
