# SPDX-License-Identifier: MIT
"""Tests stopping and reloading under load: no response is cut, no request
fails, and the port is free at once."""
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

import signal  # noqa: E402

import tap  # noqa: E402
from conformance import wire  # noqa: E402
from rawclient import PREFACE, Client  # noqa: E402
from server import SCRIPTS, Server, extended  # noqa: E402

CONNECTIONS = 25
STREAMS = 4
SIZE = 150000       # octets of a download; more than the initial windows

t = tap.Tap()


def downloads(port):
    """Opens connections with downloads that wait for window."""
    clients = []
    for _ in range(CONNECTIONS):
        c = Client(port, auto_window=False)
        for _ in range(STREAMS):
            c.open("/big.py?size=%d&way=write" % SIZE, end_stream=True)
        clients.append(c)
    # Each connection's window of 65,535 octets is used up, and all streams
    # have begun.
    begun = all(c.wait_for(lambda c=c: sum(
        len(x.body) for x in c.streams.values()) == 65535 and all(
            x.header("x-way") for x in c.streams.values()))
                for c in clients)
    t.ok(begun, "%d downloads have begun" % (CONNECTIONS * STREAMS))
    return clients


def feed(clients):
    """Gives all clients small windows in turn, until their
    downloads have ended."""
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
    """TERM: all downloads are completed, and all connections get GOAWAY."""
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
        t.eq(s.process.wait(tap.scaled(60)), 0, "exit status 0")
        t.ok("SIGKILL" not in s.log(), "none was killed", s.log()[-500:])
        for c in clients:
            c.close()
    with Server(SCRIPTS, "--port", str(port)) as again, Client(port) as c:
        t.eq(c.fetch("/quick.py").status, 200,
             "another server takes the port at once")
        t.eq(again.stop(), 0, "and stops")


# ---- those that the kernel has queued

def full_house(s, stack, tls):
    """Opens two connections whose functions run, so that both
    places are taken."""
    for _ in range(2):
        c = stack.enter_context(Client(s.port, tls=tls, auto_window=False))
        x = c.request("/big.py?size=%d&way=write" % SIZE)
        t.ok(c.wait_for(lambda x=x: x.status), "a function runs")


def queued(tls):
    """--max-children 2, six connections, TERM: the four that have no
    child get GOAWAY."""
    what = "TLS" if tls else "cleartext"
    options = ["--max-children", "2", "--grace", "60"]
    with Server(SCRIPTS, *options, *([] if tls else ["--cleartext"])) as s, \
            contextlib.ExitStack() as stack:
        full_house(s, stack, tls)
        socks = [socket.create_connection(("127.0.0.1", s.port))
                 for _ in range(4)]
        ends = []

        def client(sock):
            """Sends a preface and a request.  Notes whether the
            expected GOAWAY came."""
            with sock:
                sock.settimeout(tap.scaled(60))
                try:
                    if tls:
                        sock = anybody().wrap_socket(sock)
                    sock.sendall(PREFACE + wire.settings() + wire.get(1))
                    octets = b"".join(iter(lambda: sock.recv(9999), b""))
                    ends.append(wire.goaway(0, wire.NO_ERROR) in octets
                                or octets)
                except OSError as e:
                    ends.append(e)
                sock.close()
        threads = [threading.Thread(target=client, args=(k,)) for k in socks]
        for thread in threads:
            thread.start()
        t.ok(s.wait_log("all 2 children are busy"), f"{what}: the others wait")
        s.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        t.eq(ends, [True] * 4, f"{what}: each of the four that waited gets "
             "GOAWAY, last stream 0, and the end")
        t.ok(s.wait_log("info: 4 connections that had waited are told that "
                        "nothing was done for them"), f"{what}: counted in "
             "the log", s.log())
        t.ok(s.alive(), f"{what}: meanwhile those with a stream go on")
        s.process.send_signal(signal.SIGTERM)
        t.eq(s.process.wait(tap.scaled(60)), 0, f"{what}: a second TERM")


def anybody():
    """Returns a TLS context for HTTP/2 that trusts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context


def in_handshake():
    """A client has a child, and begins TLS while the server stops."""
    with Server(SCRIPTS, "--grace", "60") as s, \
            socket.create_connection(("127.0.0.1", s.port)) as sock:
        sock.settimeout(tap.scaled(60))
        pid = tap.wait_until(s.children)[0]
        os.kill(pid, signal.SIGSTOP)        # the child waits until CONT
        s.process.send_signal(signal.SIGTERM)
        t.ok(s.wait_log("stopping, 1 children"), "one in its handshake")
        threading.Timer(0.1, os.kill, (pid, signal.SIGCONT)).start()
        with anybody().wrap_socket(sock) as tls:
            octets = b"".join(iter(lambda: tls.recv(9999), b""))
        t.ok(wire.goaway(0, wire.NO_ERROR) in octets, "is told too", octets)
        t.eq(s.process.wait(tap.scaled(60)), 0, "and the server ends")


def silent():
    """Connections that send nothing do not delay the server's end for
    as long as --grace."""
    with Server(SCRIPTS, "--max-children", "1", "--grace", "600") as s, \
            contextlib.ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(
                socket.create_connection(("127.0.0.1", s.port)))
        t.ok(s.wait_log("all 1 children are busy"), "40 silent connections")
        s.process.send_signal(signal.SIGTERM)
        t.eq(s.process.wait(tap.scaled(60)), 0, "do not keep the server")
        t.ok("info: 39 connections that had waited" in s.log() or
             "info: 40 connections that had waited" in s.log(), "all of them "
             "were accepted", s.log())


def arriving():
    """Connections arrive while the server stops: each that is accepted is
    served or gets GOAWAY; the others are refused."""
    with Server(SCRIPTS, "--grace", "60") as s:
        stop, odd, told = threading.Event(), [], []

        def client():
            while not stop.is_set():
                try:
                    sock = socket.create_connection(("127.0.0.1", s.port), 20)
                except OSError:
                    return              # refused
                try:
                    with anybody().wrap_socket(sock) as tls:
                        tls.sendall(PREFACE + wire.settings()
                                    + wire.get(1))
                        octets = b""
                        while wire.data(1, b"quick", True) not in octets \
                                and wire.goaway()[:9] not in octets:
                            more = tls.recv(9999)
                            if not more:
                                odd.append(octets)
                                break
                            octets += more
                        told.append(wire.goaway()[:9] in octets)
                except OSError as e:
                    odd.append(e)
        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        t.ok(tap.wait_until(lambda: len(told) > 20), "clients come and go")
        s.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        t.eq(odd, [], "arriving: nobody who was connected is cut off")
        t.eq(s.process.wait(tap.scaled(60)), 0, "arriving: the server ends")


def make_pair(folder, name):
    """Makes a certificate and its key.  Returns their paths, and the
    certificate as DER."""
    files = [os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=" + name, "-out", files[0], "-keyout", files[1]],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(files[0], encoding="ascii") as f:
        return files, ssl.PEM_cert_to_DER_cert(f.read())


class Load(threading.Thread):
    """Makes requests, every third on a new connection, until told to stop."""

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
            except Exception as e:      # any error of a client
                self.failed.append(repr(e))


def seen_certificate(port):
    """Returns the certificate that a new connection gets, as DER."""
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
queued(True)
queued(False)
in_handshake()
silent()
if sys.platform == "linux" and extended():
    arriving()
else:
    t.skip("arriving", "elsewhere the kernel may queue one at the last moment")
if shutil.which("openssl"):
    work = tempfile.mkdtemp(prefix="h2rig-drain-")
    try:
        hup_under_load(work)
    finally:
        shutil.rmtree(work)
else:
    t.skip("HUP under load", "openssl is not installed")
t.done()
