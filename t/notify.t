#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the messages that the server sends to a supervisor at NOTIFY_SOCKET,
their order and their moments."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import Server

t = tap.Tap()
DIR = tempfile.mkdtemp(prefix="h2rig-notify-")
DOCROOT = os.path.join(DIR, "docroot")
ROUTES = os.path.join(DIR, "routes.py")
HOLD, SEEN = os.path.join(DIR, "hold"), os.path.join(DIR, "seen")

SCRIPTS = {
    "quick": "def main(request, response):\n"
             "    return 'quick'\n",
    "env": "import json, os\n"
           "def main(request, response):\n"
           "    return json.dumps(sorted(os.environ))\n",
}

LASTS = (f"import os, time\nopen({SEEN!r}, 'w').close()\n"
         f"while os.path.exists({HOLD!r}):\n    time.sleep(0.01)\n")
"""Routes that the probe does not finish loading while HOLD exists."""

PAIR = [b"RELOADING=1", b"READY=1"]


def write(path, text):
    """Writes a file."""
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def write_routes(text):
    """Writes the routes file for the next reload."""
    write(ROUTES, text + "\nroutes = []\n")


class Supervisor:
    """A server, and the socket to which it sends its messages."""

    def __init__(self, name):
        write_routes("")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(name)
        self.sock.settimeout(tap.scaled(60))
        self.server = Server(DOCROOT, "--routes", ROUTES, env={
            "NOTIFY_SOCKET": name.replace("\0", "@")})

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *args):
        self.server.__exit__(*args)
        self.sock.close()

    def told(self, n=1):
        """Returns the first lines of the next n messages."""
        return [self.sock.recv(1000).split(b"\n")[0] for _ in range(n)]

    def told_more(self):
        """Returns the first lines of further messages that have come."""
        self.sock.setblocking(False)
        more = []
        with contextlib.suppress(BlockingIOError):
            while True:
                more += self.told()
        self.sock.settimeout(tap.scaled(60))
        return more

    def send(self, sig):
        """Sends a signal to the server."""
        self.server.process.send_signal(sig)

    def begin_reload(self):
        """Begins a reload that lasts until HOLD is removed.  Returns
        whether it has begun."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(SEEN)
        write(HOLD, "")
        write_routes(LASTS)
        self.send(signal.SIGHUP)
        return tap.wait_until(lambda: os.path.exists(SEEN))


def messages(name):
    """The socket has a path, or an abstract name."""
    kind = "abstract" if name[0] == "\0" else "path"
    with Supervisor(name) as v:
        t.eq(v.told(), [b"READY=1"], f"{kind}: READY=1")
        with Client(v.server.port) as c:
            names = json.loads(c.fetch("/env.py").body)
            t.ok("NOTIFY_SOCKET" not in names,
                 f"{kind}: scripts do not see it")
        before = time.monotonic_ns() // 1000
        t.ok(v.begin_reload(), f"{kind}: a reload")
        got = re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=(\d+)",
                           v.sock.recv(1000))
        after = time.monotonic_ns() // 1000
        t.ok(got and before <= int(got.group(1)) <= after,
             f"{kind}: RELOADING=1 with the time", got)
        with Client(v.server.port) as c:
            t.eq(c.fetch("/quick.py").body, b"quick",
                 f"{kind}: served while it reloads")
        t.eq(v.told_more(), [], f"{kind}: no READY=1 while it does")
        os.unlink(HOLD)
        t.eq(v.told(), [b"READY=1"], f"{kind}: READY=1 again")
        v.send(signal.SIGTERM)
        t.eq(v.told(), [b"STOPPING=1"], f"{kind}: STOPPING=1")
        t.eq(v.server.stop(0), 0, f"{kind}: exit code 0")
        t.eq(v.told_more(), [], f"{kind}: nothing after it")


def reloads():
    """Each reload has its pair of messages, in this order, whether
    it succeeds or not."""
    with Supervisor(DIR + "/reloads") as v:
        t.eq(v.told(), [b"READY=1"], "start")
        v.send(signal.SIGHUP)
        t.eq(v.told(2), PAIR, "HUP")
        write_routes("raise ValueError")
        v.send(signal.SIGHUP)
        t.eq(v.told(2), PAIR, "HUP, to no effect")
        t.ok("error: not reloaded, going on as before" in v.server.log(),
             "the log says that first", v.server.log()[-1000:])
        t.ok(v.begin_reload(), "HUP, and it lasts")
        v.send(signal.SIGHUP)
        # The server handles the HUP before the USR1, or together with it.
        v.send(signal.SIGUSR1)
        v.server.wait_log("info: 0 children of at most ")
        t.eq(v.told(), [b"RELOADING=1"], "another HUP meanwhile")
        t.eq(v.told_more(), [], "waits")
        os.unlink(HOLD)
        t.eq(v.told(3), [b"READY=1"] + PAIR, "and comes after it")


def stop_in_reload():
    """A reload that the server's end cuts off is not reported as done."""
    with Supervisor(DIR + "/stop") as v:
        t.eq(v.told(), [b"READY=1"], "start")
        t.ok(v.begin_reload(), "HUP, and it lasts")
        v.send(signal.SIGHUP)
        v.send(signal.SIGTERM)
        t.eq(v.told(2), [b"RELOADING=1", b"STOPPING=1"], "TERM meanwhile")
        t.eq(v.server.stop(0), 0, "ends the server")
        t.eq(v.told_more(), [], "of which nothing more comes")


try:
    os.mkdir(DOCROOT)
    for script, source in SCRIPTS.items():
        write(os.path.join(DOCROOT, script + ".py"), source)
    messages(DIR + "/notify")
    messages("\0" + DIR + "/abstract")
    reloads()
    stop_in_reload()
finally:
    shutil.rmtree(DIR, ignore_errors=True)
t.done()
