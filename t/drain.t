# SPDX-License-Identifier: MIT
"""Stopping and reloading under load: nobody's response is cut, no request
fails, and the port is free at once."""
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

import signal  # noqa: E402

import tap  # noqa: E402
from rawclient import Client  # noqa: E402
from server import SCRIPTS, Server  # noqa: E402

CONNECTIONS = 25
STREAMS = 4
SIZE = 150000       # of each download; more than the windows at first

t = tap.Tap()


def downloads(port):
    """Connections with downloads that wait for window."""
    clients = []
    for _ in range(CONNECTIONS):
        c = Client(port, auto_window=False)
        for _ in range(STREAMS):
            c.open("/big.py?size=%d&way=write" % SIZE, end_stream=True)
        clients.append(c)
    # The connection's 65,535 octets are gone, all streams have begun.
    begun = all(c.wait_for(lambda c=c: sum(
        len(x.body) for x in c.streams.values()) == 65535 and all(
            x.header("x-way") for x in c.streams.values()))
                for c in clients)
    t.ok(begun, "%d downloads have begun" % (CONNECTIONS * STREAMS))
    return clients


def feed(clients):
    """Small windows for all in turn, until all have ended."""
    for _ in range(SIZE * STREAMS // 16384 + 100):
        moving = [c for c in clients
                  if not all(x.done for x in c.streams.values())]
        if not moving:
            return
        for c in moving:
            c.window_update(0, 16384)
            for x in c.streams.values():
                if not x.done:
                    c.window_update(x.sid, 16384)
            c.pump(0.001)
    for c in clients:
        c.wait_for(lambda c=c: all(x.done for x in c.streams.values()))


def term_during_downloads():
    """TERM: all finish, all get GOAWAY, none is cut."""
    with Server(SCRIPTS, "--grace", "60") as s:
        port = s.port
        clients = downloads(port)
        s.process.send_signal(signal.SIGTERM)
        t.ok(s.wait_log("stopping, %d children" % CONNECTIONS), "stopping")
        t.ok(all(c.wait_for(lambda c=c: c.goaway) for c in clients),
             "every connection gets GOAWAY")
        feed(clients)
        t.eq([len(x.body) for c in clients for x in c.streams.values()
              if not (x.done and x.reset is None and len(x.body) == SIZE)],
             [], "every download is whole")
        t.eq([c.wait_end() for c in clients], ["close_notify"] * CONNECTIONS,
             "and the connections end in good order")
        t.eq(s.process.wait(tap.scaled(20)), 0, "exit status 0")
        t.ok("SIGKILL" not in s.log(), "none was killed", s.log()[-500:])
        for c in clients:
            c.close()
    with Server(SCRIPTS, "--port", str(port)) as again, Client(port) as c:
        t.eq(c.fetch("/quick.py").status, 200,
             "another server takes the port at once")
        t.eq(again.stop(), 0, "and stops")


def make_pair(folder, name):
    """A certificate and its key; the certificate's DER."""
    files = [os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=" + name, "-out", files[0], "-keyout", files[1]],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(files[0], encoding="ascii") as f:
        return files, ssl.PEM_cert_to_DER_cert(f.read())


class Load(threading.Thread):
    """Requests, each third on a new connection, until told to stop."""

    def __init__(self, port):
        super().__init__()
        self.port, self.stopping = port, threading.Event()
        self.served, self.failed = 0, []

    def run(self):
        while not self.stopping.is_set():
            try:
                with Client(self.port) as c:
                    for _ in range(3):
                        x = c.fetch("/quick.py")
                        if x.status == 200 and x.done:
                            self.served += 1
                        else:
                            self.failed.append(repr(x))
            except Exception as e:      # whatever a client may see
                self.failed.append(repr(e))


def seen_certificate(port):
    """DER of the certificate that a new connection is shown."""
    return ssl.PEM_cert_to_DER_cert(
        ssl.get_server_certificate(("127.0.0.1", port)))


def hup_under_load(folder):
    """HUP with another certificate: no request fails."""
    files, first = make_pair(folder, "first")
    with Server(SCRIPTS, "--cert", files[0], "--key", files[1]) as s:
        load = [Load(s.port) for _ in range(4)]
        for thread in load:
            thread.start()
        t.ok(tap.wait_until(lambda: all(x.served > 5 for x in load)),
             "requests are served")
        t.eq(seen_certificate(s.port), first, "the first certificate")
        _, second = make_pair(folder, "second")
        s.process.send_signal(signal.SIGHUP)
        t.ok(s.wait_log("info: reloaded"), "reloaded")
        before = [x.served for x in load]
        t.ok(tap.wait_until(lambda: all(
            x.served > n + 5 for x, n in zip(load, before))),
             "requests go on being served")
        t.eq(seen_certificate(s.port), second, "the second certificate")
        for thread in load:
            thread.stopping.set()
        for thread in load:
            thread.join()
        t.eq(sum((x.failed for x in load), []), [], "no request failed")


term_during_downloads()
if shutil.which("openssl"):
    work = tempfile.mkdtemp(prefix="h2rig-drain-")
    try:
        hup_under_load(work)
    finally:
        shutil.rmtree(work)
else:
    t.skip("HUP under load", "openssl is not installed")
t.done()
