#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests a full house (--max-children): which clients make room and which do
not, and what happens to clients that have gone.

    room.t [CASE ...]
"""
import contextlib
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from conformance import wire                                    # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import Server, write_scripts                        # noqa: E402

t = tap.Tap()
DOCROOT = tempfile.mkdtemp(prefix="h2rig-room-")
SOON = 20
"""Seconds within which a client must be served; if nobody made room, it would
be minutes."""

SCRIPTS = {
    "quick": "def main(request, response):\n"
             "    return 'quick'\n",
    "sleep": "import time\n"
             "def main(request, response):\n"
             "    response.write_status_headers()\n"
             "    response.writer.write_data('x')\n"
             "    time.sleep(1000)\n",
    "after": "import os, time\n"
             "def main(request, response):\n"
             "    response.writer.write_headers([], 200)\n"
             "    response.writer.write_data('x', last=True)\n"
             "    while not os.path.exists(HERE + '/go'):\n"
             "        time.sleep(0.01)\n"
             "    open(HERE + '/done', 'w').close()\n",
}
# No time limit of the server may end a wait.
PATIENT = ["--handshake-timeout", "300", "--idle-timeout", "300"]


def house(places, *options):
    """Returns a server with this number of places."""
    return Server(DOCROOT, "--max-children", str(places), *PATIENT, *options)


def served(port, tls=True):
    """Returns whether one more client is served soon."""
    with Client(port, tls=tls, timeout=SOON) as c:
        return c.fetch("/quick.py").body == b"quick"


def begin(c, path):
    """Begins a request whose function goes on.  Returns true once it runs."""
    x = c.request(path)
    return c.wait_for(lambda: x.data)


def address(sock):
    return "%s:%d" % sock.getsockname()


def left(c):
    """Waits until a client is sent away.  Returns ((code,
    text) of GOAWAY, end)."""
    c.wait_end(SOON)
    return c.goaway and (c.goaway[1], c.goaway[2].decode()), c.end


FULL = (wire.NO_ERROR, "the server is full: this connection, which had no "
        "work, makes room (--max-children)")


def quiet_for(seconds, *clients):
    """Waits until the clients have had no stream for this time;
    they read meanwhile."""
    end = time.monotonic() + seconds
    tap.wait_until(lambda: [c.pump() for c in clients]
                   and time.monotonic() > end, seconds + 1)


# ---- in the handshake

def silent(tls):
    """TCP connections that send nothing: the oldest makes room."""
    what = "TLS" if tls else "cleartext"
    with house(3, *([] if tls else ["--cleartext"])) as s, \
            contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.create_connection(
            ("127.0.0.1", s.port))) for _ in range(3)]
        t.ok(tap.wait_until(lambda: len(s.children()) == 3),
             f"{what}: three silent connections have all places")
        t.ok(served(s.port, tls), f"{what}: one more client is served")
        socks[0].settimeout(tap.scaled(SOON))
        if tls:
            t.eq(socks[0].recv(1), b"", f"{what}: the oldest was closed")
        else:
            octets = b"".join(iter(lambda: socks[0].recv(999), b""))
            t.ok(FULL[1].encode() in octets, f"{what}: the oldest was told")
        t.ok(s.wait_log(f"info: child [0-9]+ of {address(socks[0])}, [0-9]+ "
                        r"ms in its handshake, makes room for 127\.0\.0\.1:"
                        r"[0-9]+ \(--max-children\)"),
             f"{what}: who made room for whom is logged", s.log())
        t.eq(s.log().count(", makes room for"), 1, f"{what}: no other one was")


def silent_tls():
    silent(True)


def silent_cleartext():
    silent(False)


def handshake_first():
    """A client in its handshake makes room before a client that has had no
    stream for a longer time."""
    with house(2) as s, Client(s.port) as idle:
        t.ok(idle.fetch("/quick.py").ended, "idle for longest")
        with socket.create_connection(("127.0.0.1", s.port)) as sock:
            quiet_for(2, idle)
            t.ok(served(s.port), "handshake first: one more is served")
            t.ok(address(sock) + "," in s.log(), "handshake first: it is "
                 "the silent one that makes room", s.log())
            t.ok(idle.ping(), "handshake first: the idle one lives")


# ---- without a stream

TALK = [("PING", wire.ping()), ("SETTINGS", wire.settings()),
        ("PRIORITY", wire.priority(1)), ("WINDOW_UPDATE", wire.window(0, 1)),
        ("PRIORITY_UPDATE", wire.priority_update(1, "u=1")),
        ("frames of unknown type", wire.frame(0xbe, 0, 0, b"x"))]


def talkative():
    """Frames that open no stream do not keep a place."""
    with house(len(TALK)) as s, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(s.port)) for _ in TALK]
        t.ok(all(c.ping() for c in clients), "talkers have all places")
        stop = threading.Event()

        def talk():
            while not stop.wait(0.05):
                for c, (_, octets) in zip(clients, TALK):
                    if not (c.goaway or c.end):
                        c.send(octets)
                        c.pump()
        thread = threading.Thread(target=talk)
        thread.start()
        others = []
        try:
            for _ in TALK:
                others.append(stack.enter_context(Client(s.port)))
                others[-1].fetch("/quick.py")
        finally:
            stop.set()
            thread.join()
        for c, (name, _) in zip(clients, TALK):
            t.eq(left(c), (FULL, "close_notify"),
                 f"who sends {name} all the time is told and closed")
        t.ok(all(c.ping() for c in others), "and those who came stay")


def longest():
    """Of two clients without a stream, the one whose last stream is
    older makes room."""
    with house(2) as s, Client(s.port) as a, Client(s.port) as b:
        t.ok(b.fetch("/quick.py").ended and
             s.wait_log("info: request .* path=/quick.py ") and
             a.fetch("/quick.py").ended,
             "longest: the one that came first had its stream last")
        t.ok(served(s.port), "longest: one more client is served")
        t.eq(left(b), (FULL, "close_notify"), "longest: the other one leaves")
        t.ok(a.ping(), "longest: the one with the later stream stays")


def stuck():
    """A stream without progress keeps its place, but not for ever."""
    with house(1) as s, Client(s.port) as c:
        x = c.open("/quick.py", method="POST")
        c.ping()
        t.ok(served(s.port), "stuck: who uploads nothing makes room")
        t.eq(left(c), (FULL, "close_notify"), "stuck: and is told")
        t.ok(s.wait_log(r"[0-9]{5} ms without progress on a stream, makes "),
             "stuck: after more than 10 s", (x, s.log()))


# ---- functions

def running():
    """A client whose function runs is not asked to make room."""
    with house(2) as s, Client(s.port) as a, Client(s.port) as b:
        t.ok(begin(a, "/sleep.py") and begin(b, "/sleep.py"), "two functions")
        with socket.create_connection(("127.0.0.1", s.port)):
            t.ok(s.wait_log("warn: all 2 children are busy, further "
                            "connections wait"), "running: others wait")
            quiet_for(3, a, b)
            t.ok(a.ping() and b.ping(), "running: both are still served")
            t.eq(len(s.children()), 2, "running: there is no third child")
        t.ok("makes room" not in s.log(), "running: nobody was asked")


def running_last():
    """A client makes room last if its stream has ended and the stream's
    function goes on; the function runs to its end."""
    with house(2) as s, Client(s.port) as a, Client(s.port) as b:
        # The order makes sure which of them has been without work for longer.
        t.ok(b.ping() and begin(a, "/after.py"), "one function goes on")
        t.ok(served(s.port), "running last: one more client is served")
        t.eq(left(b), (FULL, "close_notify"), "running last: the one without")
        with Client(s.port) as other:
            t.ok(begin(other, "/sleep.py"), "running last: its place is used")
            t.ok(served(s.port), "running last: one more client is served")
            t.eq(left(a), (FULL, "close_notify"), "running last: the other")
            t.ok(not os.path.exists(DOCROOT + "/done"), "and its function")
            with open(DOCROOT + "/go", "w", encoding="ascii"):
                pass
            t.ok(tap.wait_until(lambda: os.path.exists(DOCROOT + "/done")),
                 "running last: goes on to its end")


# ---- clients that have gone

def gone_clients():
    """Functions of clients that have left do not take places."""
    with house(2) as s:
        for i in range(5):
            with Client(s.port, timeout=SOON) as c:
                t.ok(begin(c, "/sleep.py"), f"gone clients: {i} is served")
        t.ok(tap.wait_until(lambda: len(s.children()) == 5),
             "gone clients: their functions go on")

        def told():
            s.process.send_signal(signal.SIGUSR1)
            return s.wait_log("0 children of at most 2, clients gone of 5", 1)
        t.ok(tap.wait_until(told), "gone clients: USR1 tells", s.log())
        t.ok(s.wait_log(r": client gone, running main in /sleep\.py"),
             "gone clients: for each")
        t.eq(s.stop(signal.SIGTERM, 0.1), None, "TERM waits for them")
        t.eq(s.stop(), 0, "a second TERM does not")


def too_many_gone():
    """There are never more such functions than places, or
    16 if that is more."""
    with house(1, "--grace", "0") as s:
        ok = []
        for _ in range(18):
            with Client(s.port, timeout=SOON) as c:
                ok.append(begin(c, "/sleep.py"))
        t.ok(all(ok), "too many gone: all are served")
        t.ok(s.wait_log("warn: child [0-9]+ of .* killed: limit hit: too "
                        "many processes whose clients have left "
                        r"\(--max-children\), running main in /sleep\.py"),
             "too many gone: the log names the script", s.log())
        t.ok(tap.wait_until(lambda: len(s.children()) <= 16),
             "too many gone: 16 are left")


# ---- who does not leave, and fairness

def stopped():
    """A child that does not leave when it is asked is killed."""
    with house(1) as s, Client(s.port) as c:
        t.ok(c.ping(), "a child")
        pid = s.children()[0]
        os.kill(pid, signal.SIGSTOP)
        t.ok(served(s.port), "stopped: one more client is served")
        t.ok(s.wait_log(r"killed: did not make room \(--max-children\)"),
             "stopped: the child was killed", s.log())


def request_meanwhile():
    """A request that comes while its connection is asked to
    leave is still served."""
    with house(1) as s, Client(s.port) as c, \
            socket.create_connection(("127.0.0.1", s.port)):
        pid = s.children()[0]
        os.kill(pid, signal.SIGSTOP)
        t.ok(s.wait_log("makes room for"), "a child is asked to leave")
        x = c.request("/quick.py")
        os.kill(pid, signal.SIGCONT)
        c.wait_for(lambda: x.done)
        t.ok(x.body == b"quick" and x.ended, "meanwhile: it is served", x)
        t.eq((c.wait_end(), c.goaway and c.goaway[:2]),
             ("close_notify", (1, 0)), "meanwhile: then the connection ends")


def too_many_of_one():
    """A client over --max-per-address makes nobody leave."""
    with house(2, "--max-per-address", "2") as s, Client(s.port) as a, \
            Client(s.port) as b:
        end = time.monotonic() + 3
        ok = tap.wait_until(lambda: (not s.turns_away()
                                     and "one was let in")
                            or time.monotonic() > end, 30)
        t.ok(ok is True and a.ping() and b.ping() and s.wait_log("refused"),
             "--max-per-address: the others stay", s.log())


def honest(clients=500, places=20):
    """All of many correct clients are served in turn."""
    with house(places) as s:
        lost = []

        def client():
            try:
                with Client(s.port, timeout=120) as c:
                    x = c.fetch("/quick.py", timeout=120)
                    if x.body != b"quick" or not x.ended:
                        lost.append((x, c.goaway, c.end))
            except OSError as e:
                lost.append(e)
        threads = [threading.Thread(target=client) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        t.eq(lost, [], f"{clients} clients, {places} places: all are served")
        t.ok(len(re.findall("drained|closed by client", s.log())) <= clients,
             "and there were no more connections than that")


def busy_port():
    """Many clients of one port do not keep the clients of another port out."""
    with house(1, "--port=0", "--port=0", "--log-level=debug") as s, \
            Client(s.port) as first, contextlib.ExitStack() as stack:
        other = int(re.findall(r":(\d+)$", s.out(), re.M)[1])
        t.ok(begin(first, "/sleep.py"), "busy port: the only place is used")

        def wait_at(port):
            return stack.enter_context(socket.create_connection(
                ("127.0.0.1", port)))
        socks = [wait_at(s.port)]
        t.ok(s.wait_log("warn: all 1 children are busy"), "busy port: next")
        socks += [wait_at(s.port), wait_at(other)]
        first.leave()
        served_all = [s.wait_log("serves " + address(c) + "$") for c in socks]
        t.ok(all(served_all), "busy port: all get the place")
        t.ok(served_all[2].start() < served_all[1].start(),
             "busy port: both ports in turn", s.log())


CASES = [silent_tls, silent_cleartext, handshake_first, talkative, longest,
         stuck, running, running_last, gone_clients, too_many_gone, stopped,
         request_meanwhile, too_many_of_one, busy_port, honest]

write_scripts(DOCROOT, {name: f"HERE = {DOCROOT!r}\n" + text
                        for name, text in SCRIPTS.items()})
try:
    for case in CASES:
        if case.__name__ in (sys.argv[1:] or [case.__name__]):
            case()
finally:
    shutil.rmtree(DOCROOT)
t.done()
