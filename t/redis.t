#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the stash in a Redis server that stops, is restarted, never answers or
wants a password: a script that holds the lock learns that it is lost, scripts
get StashError in time, and the password is not visible anywhere."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import Server, free_port, listens, program

t = tap.Tap()
DIR = tempfile.mkdtemp(prefix="h2rig-redis-")
DOCROOT = os.path.join(DIR, "root")
PASSWORD = "p4ssw0rd/@"
QUOTED = "p4ssw0rd%2F%40"
LEASE = 6
KEY = "00000000-0000-4000-8000-000000000001"
FOUND = shutil.which("redis-server") or shutil.which("valkey-server")

SCRIPTS = {
    "one": """
import uuid

def main(request, response):
    stash, key = request.server.stash, str(uuid.uuid4())
    stash.put(key, "v")
    return stash.take(key)
""",
    # Holds the lock until the file `go` exists; then sends the result of
    # each use of the stash.
    "hold": """
import ctypes, os, time, uuid
from h2rig.errors import StashError

def tried(call, *args):
    try:
        return str(call(*args))
    except StashError as e:
        return "lost" if "stash.lock was lost" in str(e) else str(e)

def main(request, response):
    stash, go = request.server.stash, request.GET["go"]
    writer = response.writer
    writer.write_headers([("pid", str(os.getpid()))], 200)
    with stash.lock:
        writer.write_data("held")
        if "gil" in request.GET:
            # A call into C that keeps the GIL, as a regex may.
            ctypes.PyDLL(None).usleep(int(request.GET["gil"]) * 1000000)
        while not os.path.exists(go):
            time.sleep(0.01)
        try:
            os.wait()
        except ChildProcessError:
            writer.write_data(", no children")
        key = str(uuid.uuid4())
        for call in ((stash.put, key, 1), (stash.take, key),
                     (stash.get_queue().put, 1)):
            writer.write_data(", " + tried(*call))
        if "release" in request.GET:
            writer.write_data(", " + tried(stash.lock.release))
            writer.write_data(", " + tried(stash.put, key, 1))
            stash.lock.acquire()
""",
    # Waits for a value: a put wakes it, or it looks again after a time.
    "wait": """
import h2rig.stash

def main(request, response):
    key, get = request.GET["key"], request.GET.first
    if "put" in request.GET:
        return str(request.server.stash.put(key, get("put").decode(), "/w"))
    h2rig.stash.SLICE = float(get("slice"))
    response.writer.write_headers([], 200)
    response.writer.write_data("waits")
    try:
        value = request.server.stash.wait(key, 300, "/w")
    except h2rig.stash.StashError as e:
        value = "StashError: %s" % e
    response.writer.write_data(", " + value, last=True)
""",
    "lock": """
def main(request, response):
    lock = request.server.stash.lock
    got = lock.acquire(timeout=float(request.GET["wait"]))
    return "got" if got else "held"
""",
    # Returns everything that a script can look at.
    "look": """
import os, sys
from h2rig.server.config import options
from wptserve.stash import load_env_config

def main(request, response):
    with open("/proc/self/cmdline", "rb") as f:
        line = f.read()
    return repr([load_env_config(), os.environ, sys.argv, line,
                 [getattr(options, name) for name in options.__slots__],
                 request.server.config])
""",
}


class Redis:
    """A Redis server with a password."""

    def __init__(self):
        self.port = free_port()
        self.address = f"redis://:{QUOTED}@127.0.0.1:{self.port}/1"

    def __enter__(self):
        self.process = subprocess.Popen(
            [FOUND, "--port", str(self.port), "--bind", "127.0.0.1", "--save",
             "", "--dir", DIR, "--requirepass", PASSWORD],
            stdout=subprocess.DEVNULL)
        tap.wait_until(lambda: listens(self.port))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def again(self):
        """Restarts Redis, which forgets everything."""
        self.__exit__()
        self.__enter__()

    def command(self, *words):
        """Sends a command as the administrator.  Raises RuntimeError
        unless the reply is OK."""
        with socket.create_connection(("127.0.0.1", self.port)) as sock:
            sock.settimeout(tap.scaled(60))
            for line in ("AUTH", PASSWORD), words:
                sock.sendall(" ".join(line).encode() + b"\r\n")
                answer = sock.recv(999)
                if answer != b"+OK\r\n":
                    raise RuntimeError(f"{line}: {answer}")

    def stop(self):
        """Stops the process, until `go_on`."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)  # all threads stopped

    def go_on(self):
        """Continues the process."""
        self.process.send_signal(signal.SIGCONT)


def after(seconds):
    """Waits for this many seconds: a lease depends on time."""
    end = time.monotonic() + seconds
    tap.wait_until(lambda: time.monotonic() >= end, 2 * seconds)


def refused(address, *texts):
    """Starts a server that must fail to start: in time, with these texts, and
    without the password in its output."""
    began = time.monotonic()
    done = subprocess.run(
        [program(), "--port", "0", "--bind", "127.0.0.1", "--stash", address,
         DOCROOT], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=tap.scaled(60), check=False)
    log = done.stderr.decode()
    t.ok(done.returncode == 78 and all(text in log for text in texts)
         and "p4ss" not in log and time.monotonic() - began < tap.scaled(30),
         f"{texts[0]}: exit status 78, in time, without the password",
         f"{done.returncode}\n{log}")


def drip(listener):
    """Announces a long reply, and sends an octet of it now and then."""
    conn = listener.accept()[0]
    try:
        conn.sendall(b"$999999999\r\n")
        while True:
            conn.sendall(b"x")
            after(0.1)
    except OSError:
        conn.close()


def start():
    """Redis servers that cannot be used."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        where = "127.0.0.1:%d/0" % deaf.getsockname()[1]
        refused(f"redis://:{QUOTED}@{where}", "no answer within 4 s",
                f"--stash redis://{where}: ")
    with socket.socket() as slow:
        slow.bind(("127.0.0.1", 0))
        slow.listen()
        thread = threading.Thread(target=drip, args=(slow,), daemon=True)
        thread.start()
        where = "127.0.0.1:%d/0" % slow.getsockname()[1]
        refused(f"redis://{where}", "no answer within 4 s", where)
        thread.join()
    refused(f"redis://:{QUOTED}@127.0.0.1:{free_port()}/0",
            "Connection refused", "expected a Redis or Valkey server")
    refused(f"redis://u:{QUOTED}@nowhere.invalid/0",
            "--stash redis://nowhere.invalid:6379/0: ")
    refused(f"redis://:{PASSWORD}@localhost/0",
            "--stash redis://localhost/0: expected a file or redis://")
    with Server(DOCROOT, "--cleartext") as s:
        refused(f"redis://:{QUOTED}@127.0.0.1:{s.port}/0",
                "expected a Redis or Valkey server there")
    with Redis() as r:
        refused(r.address.replace("p4ss", "p4ssx"), "WRONGPASS")
        refused(r.address.replace(f":{QUOTED}@", ""), "NOAUTH")


def hold(s, query=""):
    """Connects a client whose script holds the lock.  Returns
    client, exchange, the connection's process id, and the file
    that ends the script."""
    c = Client(s.port, timeout=60)
    go = tempfile.mktemp(dir=DIR)
    x = c.request(f"/hold.py?go={go}{query}")
    c.wait_for(lambda: x.body)
    return c, x, int(x.header("pid")), go


def told(c, x, go):
    """Lets the script go on.  Returns what it sends, and
    the code of a reset."""
    with open(go, "wb"):
        c.wait_for(lambda: x.done)
    return x.body.decode(), x.reset


def helpers(pid):
    """Returns the commands of the other processes in a connection's group."""
    lines = subprocess.run(["ps", "-A", "-o", "pgid=", "-o", "pid=", "-o",
                            "args="], stdout=subprocess.PIPE, check=True
                           ).stdout.decode().splitlines()
    fields = [line.split(None, 2) for line in lines]
    return [f[2] for f in fields if int(f[0]) == pid != int(f[1])]


def secret(r):
    """The password is not visible in scripts, in ps or in the log."""
    with Server(DOCROOT, "--stash", r.address) as s, Client(s.port) as c:
        x = c.fetch("/look.py")
        t.ok(x.status == 200 and b"p4ss" not in x.body
             and f"redis://127.0.0.1:{r.port}/1".encode() in x.body,
             "a script sees the server's address without the password", x.body)
        t.ok(b"p4ss" not in subprocess.run(
            ["ps", "-p", str(s.pid), "-o", "args="], stdout=subprocess.PIPE,
            check=True).stdout, "so does ps")
        t.eq(c.fetch("/one.py").body, b"v", "the stash works")
        h, _, pid, _ = hold(s)
        t.ok(len(helpers(pid)) == 1 and "p4ss" not in helpers(pid)[0],
             "nor is it in the command of what renews the lock", helpers(pid))
        os.kill(pid, signal.SIGKILL)
        h.wait_end()
        t.ok(tap.wait_until(lambda: not helpers(pid)),
             "which ends with the connection's process")
        t.eq(c.fetch("/lock.py?wait=60", timeout=60).body, b"got",
             "and the lock with it")
        r.stop()
        x = c.fetch("/one.py", timeout=60)
        t.ok(x.status == 500 and b"StashError: the stash in redis://127.0.0.1:"
             b"%d/1: no answer within 4 s" % r.port in x.body,
             "no answer: StashError that names the server", x.body)
        r.go_on()
        t.eq(c.fetch("/one.py").body, b"v", "it goes on when that does")
        r.__exit__()
        x = c.fetch("/one.py")
        t.ok(x.status == 500 and b"StashError: the stash in redis://" in x.body
             and b"Connection refused" in x.body, "no server: StashError",
             x.body)
        r.__enter__()
        t.eq(c.fetch("/one.py").body, b"v", "it goes on when there is one")
        t.ok("p4ss" not in s.log(), "the log has no password")


def innocent(r):
    """A Redis server that does not answer ends no other stream."""
    with Server(DOCROOT, "--stash", r.address, "--run-limit", "1s") as s, \
            Client(s.port, timeout=60) as c:
        t.eq(c.fetch("/one.py").body, b"v", "the stash works")
        r.stop()
        xs = [c.request("/one.py") for _ in range(5)]
        c.wait_for(lambda: all(x.done for x in xs))
        r.go_on()
        t.eq({x.status for x in xs}, {500}, "no answer past the run limit")
        t.eq((c.fetch("/one.py").body, c.goaway), (b"v", None),
             "the connection goes on")


LOST = ("held, no children, lost, lost, lost", 2)


def lost(r):
    """Ways to lose the lock, and one way not to lose it."""
    with Server(DOCROOT, "--stash", r.address) as s, \
            Client(s.port, timeout=60) as c:
        c.ping()
        c1, x1, *_, go1 = hold(s)
        r.again()
        c2, x2, *_, go2 = hold(s)
        t.eq(told(c1, x1, go1), LOST, "Redis started anew: the one who had "
             "the lock learns of it, by each call and leaving the block")
        t.eq(told(c2, x2, go2)[0], "held, no children, None, 1, None",
             "the one who has it now does not")
        t.ok(s.wait_log("error: script: stash.lock was lost before it was "
                        "given back: redis://127.0.0.1"), "the log says so",
             s.log()[-2000:])
        c1, x1, *_, go1 = hold(s, "&release=1")
        r.again()
        t.eq(told(c1, x1, go1), (LOST[0] + ", lost, None", None),
             "so does release; what comes after it is free")

        c1, x1, *_, go1 = hold(s)
        r.stop()
        after(LEASE)
        r.go_on()
        c2, x2, *_, go2 = hold(s)
        t.eq(told(c1, x1, go1), LOST, "Redis stopped for a while: the same")
        t.eq(told(c2, x2, go2)[1], None, "the one who has it now has it")

        c1, x1, pid, go1 = hold(s)
        os.killpg(pid, signal.SIGSTOP)
        c2, x2, *_, go2 = hold(s)
        os.killpg(pid, signal.SIGCONT)
        t.eq(told(c1, x1, go1), LOST, "the holder stopped: the same")
        t.eq(told(c2, x2, go2)[1], None, "the one who has it now has it")

        c1, x1, *_, go1 = hold(s, f"&gil={LEASE + 3}")
        with open(go1, "wb"):
            pass
        t.eq(c.fetch(f"/lock.py?wait={LEASE + 2}").body, b"held",
             "the holder keeps the GIL past the lease: the lock is renewed")
        t.eq(told(c1, x1, go1)[1], None, "and its own")
        t.eq(c.fetch("/lock.py?wait=10").body, b"got",
             "until it gives it back")


def waits(r):
    """The results of `wait`."""
    def begin(c, slice):
        x = c.request(f"/wait.py?key={KEY}&slice={slice}")
        c.wait_for(lambda: x.body)
        return x

    def put(c, value):
        return c.fetch(f"/wait.py?key={KEY}&put={value}").body

    def ended(c, x, seconds=60):
        c.wait_for(lambda: x.done, seconds)
        return x.body.decode()

    with Server(DOCROOT, "--stash", r.address) as s, Client(s.port) as c, \
            Client(s.port) as other:
        x = begin(c, 1000)
        r.again()
        t.ok(ended(c, x).startswith("waits, StashError: the stash in redis:"),
             "Redis started anew: who waits gets StashError", x.body)
        x = begin(c, 1)
        r.stop()
        t.ok("no answer within 4 s" in ended(c, x),
             "Redis stopped: who waits gets StashError", x.body)
        r.go_on()
        x = begin(c, 1000)
        t.eq((put(other, "v"), ended(c, x)), (b"None", "waits, v"),
             "when it is back, what is put wakes who waits")
    r.command("ACL", "SETUSER", "mute", "on", ">x", "allkeys", "allcommands",
              "resetchannels")
    address = r.address.replace(f":{QUOTED}@", "mute:x@")
    with Server(DOCROOT, "--stash", address) as s, Client(s.port) as c, \
            Client(s.port) as other:
        x = begin(c, 1)
        t.eq((put(other, "v"), ended(c, x)), (b"None", "waits, v"),
             "a user who may not subscribe or publish looks")


os.mkdir(DOCROOT)
for script, text in SCRIPTS.items():
    with open(os.path.join(DOCROOT, script + ".py"), "w") as f:
        f.write(text)
try:
    if FOUND is None:
        tap.skip_all("needs redis-server or valkey-server")
    start()
    with Redis() as redis:
        secret(redis)
        innocent(redis)
        lost(redis)
        waits(redis)
finally:
    shutil.rmtree(DIR)
t.done()
