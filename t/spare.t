#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests --spare: children that are forked ahead of clients, each of which
serves one client."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import SCRIPTS, Server, copy_program, make_pair, program

t = tap.Tap()
DIR = tempfile.mkdtemp(prefix="h2rig-spare-")
N = 3
SPARE = re.compile(r"info: child (\d+) of nobody: spare; ")


def states(s):
    """Sends USR1.  Returns the records that it causes."""
    seen = len(s.log())
    s.process.send_signal(signal.SIGUSR1)
    count = tap.wait_until(lambda: re.search(
        r"info: (\d+) children of at most \d+, (\d+) spare", s.log()[seen:]))
    if not count:
        return ""
    lines = int(count.group(1)) + int(count.group(2))
    tap.wait_until(lambda: len(re.findall(r"info: child \d+ of ",
                                          s.log()[seen:])) >= lines)
    return s.log()[seen:]


def spares(s, n=N, but=()):
    """Waits until n spares are ready, none of which is in `but`.  Returns
    their process ids, sorted."""
    def ready():
        pids = sorted(int(p) for p in SPARE.findall(states(s)))
        return pids if len(pids) == n and not set(pids) & set(but) else None
    return tap.wait_until(ready) or []


def port_of(c):
    """Returns the client's own port."""
    return c.sock.getsockname()[1]


def server_of(s, c):
    """Returns the process id of the child that serves a client, by the
    records for USR1."""
    found = re.search(rf"info: child (\d+) of 127\.0\.0\.1:{port_of(c)}: ",
                      states(s))
    return int(found.group(1)) if found else None


def served(c):
    return c.fetch("/quick.py").body == b"quick"


def serves():
    """Clients get spare children, which are replaced."""
    with Server(SCRIPTS, "--spare", str(N)) as s:
        before = spares(s)
        t.eq(len(before), N, "the status has so many spares")
        t.eq(sorted(s.children()), before, "and they are all there is")
        t.ok(f"info: 0 children of at most 512, {N} spare" in s.log(),
             "they are not counted as children")
        with Client(s.port) as a:
            t.ok(served(a), "a client is served")
            used = server_of(s, a)
            t.ok(used in before, "by one of them", (used, before))
            after = spares(s)
            t.eq(len(after), N, "which is replaced")
            t.ok(used not in after, "as it serves no other", (used, after))
            with Client(s.port) as b:
                t.ok(served(b) and server_of(s, b) in after,
                     "the next has one of the others")
            a.leave()
        t.ok(s.wait_log(rf"info: child {used} of 127\.0\.0\.1:\d+ ended: "
                        r"closed by client; \d+\.\d+ s, 1 streams"),
             "the end is logged as any child's")
        t.ok(tap.wait_until(lambda: used not in s.children()), "it is gone")


def default():
    """Without the option there are six spares."""
    server = Server(SCRIPTS)
    at = server.argv.index("--spare")
    del server.argv[at:at + 2]
    with server as s:
        t.eq(len(spares(s, 6)), 6, "there are six by default")


def crowd():
    """More clients come at once than there are spares, and all are busy."""
    with Server(SCRIPTS, "--spare", str(N)) as s, \
            contextlib.ExitStack() as stack:
        spares(s)
        clients = [stack.enter_context(Client(s.port)) for _ in range(3 * N)]
        t.eq([served(c) for c in clients], [True] * 3 * N,
             "three times as many clients: all are served")
        pids = {server_of(s, c) for c in clients}
        t.ok(len(pids) == 3 * N and None not in pids, "each by its own", pids)
        t.eq(len(spares(s, but=pids)), N, "then there are spares again")


def full():
    """--max-children: spares do not take places of clients, and there
    are not too many."""
    with Server(SCRIPTS, "--spare", "4", "--max-children", "2") as s:
        t.eq(len(spares(s, 2)), 2, "--max-children 2: as many spares")
        with Client(s.port) as a, Client(s.port) as b:
            t.ok(served(a) and served(b), "two clients fill the house")
            t.eq(len(s.children()), 2, "where there is no spare then")
            third = socket.create_connection(("127.0.0.1", s.port))
            a.close()
            t.ok(tap.wait_until(lambda: f":{third.getsockname()[1]}: "
                                in states(s)), "a third gets the next place")
            third.close()


def crash():
    """A script's crash ends only its own connection."""
    with Server(SCRIPTS, "--spare", str(N)) as s:
        before = spares(s)
        with Client(s.port) as a, Client(s.port) as b:
            t.ok(served(a), "a client")
            used = server_of(s, b)
            x = b.request("/crash.py?how=segv")
            b.wait_end()
            t.ok(b.end and x.body == b"x", "another's script crashes", x)
            t.ok(used in before and s.wait_log(
                rf"warn: child {used} of 127\.0\.0\.1:{port_of(b)} ended: "
                r"killed by SIGSEGV, running main in \S*crash\.py on stream 1"),
                 "the log says where", s.log()[-2000:])
            t.ok(s.wait_log(rf"h2rig\[{used}\] warn: .*crash\.py\D+\d+ in segv"),
                 "with the stack")
            t.ok(served(a), "the first goes on")
        t.eq(len(spares(s)), N, "there are spares again")


def killed():
    """A spare that is killed is replaced."""
    with Server(SCRIPTS, "--spare", str(N)) as s:
        before = spares(s)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        for pid in before:
            t.ok(s.wait_log(rf"warn: child {pid} of nobody ended: killed by "
                            "SIGKILL[;,] "), "a spare is killed: a warning")
        t.eq(len(spares(s, but=before)), N, "they are replaced")
        t.ok("accepting slowly" not in s.log(), "clients do not wait for it")
        with Client(s.port) as c:
            t.ok(served(c), "one is served")


def changed(name, text, *options):
    """Returns a server whose copy of the package has text at the
    end of warm_up.py."""
    directory = os.path.join(DIR, name)
    path = copy_program(directory)
    with open(os.path.join(directory, "python", "h2rig", "server",
                           "warm_up.py"), "a", encoding="ascii") as f:
        f.write(text)
    s = Server(SCRIPTS, "--log-level", "debug", *options)
    s.argv[0] = path
    return s


DIES = """
_begin, _parent = begin, os.getpid()
def begin():
    if os.getpid() != _parent:
        os._exit(3)
    return _begin()
"""


def dies_at_once():
    """If spares die at once, one is made each second, and
    clients are served."""
    def made():
        return len(re.findall(r"debug: spare \d+ waits ", s.log()))

    began = time.monotonic()
    with changed("dies", DIES, "--spare", str(N)) as s:
        tap.wait_until(lambda: made() >= N + 3, 20)
        n = made()
        # First as many are made as there may be before one is seen to
        # die, then one each second.  This is a lower bound: slow
        # machines take longer.
        t.ok(n >= N + 3 and time.monotonic() - began >= n - N,
             "spares that die at once: one a second is made", s.log()[-2000:])
        t.ok(re.search(r"warn: child \d+ of nobody ended: exit .*code 3",
                       s.log()), "the log tells of them", s.log()[-2000:])
        with Client(s.port) as c:
            t.ok(served(c), "clients are served")
        t.ok("accepting slowly" not in s.log(), "and do not wait for it")


# A process that the spare starts stops the spare, and shuts down
# its end for reading.
DEAF = """
import signal, socket, stat, time
_end, _parent, _go = end, os.getpid(), %r
def _sockets():
    for fd in range(3, 4096):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                yield socket.socket(fileno=os.dup(fd))
        except OSError:
            pass
def _deafen(spare):
    while not os.path.exists(_go):
        if os.getppid() != spare:
            return
        time.sleep(0.01)
    os.kill(spare, signal.SIGSTOP)
    for s in _sockets():
        s.shutdown(socket.SHUT_RD)
    os.unlink(_go)
def end():
    _end()
    spare = os.getpid()
    if spare != _parent and os.fork() == 0:
        _deafen(spare)
        os._exit(0)
"""


def hand_over_fails():
    """If a client cannot be handed to a spare, a child is forked for it."""
    go = os.path.join(DIR, "go")
    with changed("deaf", DEAF % go, "--spare", "1") as s:
        before = spares(s, 1)
        with open(go, "wb"):
            pass
        t.ok(before and tap.wait_until(lambda: not os.path.exists(go)),
             "a spare that can be handed nothing")
        with Client(s.port) as c:
            t.ok(served(c), "a client that comes is served")
            t.ok(s.wait_log(rf"debug: child \d+ serves \S+:{port_of(c)}$"),
                 "by a child made for it",
                 s.log()[-2000:])
            t.ok(f"info: child {before[0]} of nobody: " in states(s),
                 "the spare is nobody's again")
            os.kill(before[0], signal.SIGCONT)
            after = spares(s, 1, but=before)
            t.eq(len(after), 1, "the spare is replaced")
            t.ok("of nobody ended" not in s.log(), "without a warning")
            t.ok(served(c), "the client's connection goes on")
        with Client(s.port) as c:
            t.ok(served(c) and s.wait_log(f"debug: spare {after[0]} serves"),
                 "the next client has the new one", s.log()[-2000:])


def silent():
    """--silence-limit applies only to children that serve."""
    with Server(SCRIPTS, "--spare", "1", "--silence-limit", "1") as s:
        spares(s, 1)
        with Client(s.port) as c:
            t.ok(served(c), "a client is served")
            now = spares(s, 1)
            x = c.fetch("/busy.py?how=sleep&seconds=3")
            t.ok(x.status == 200 and spares(s, 1) == now != [],
                 "a spare may wait for longer than --silence-limit", x)
            t.ok("no sign of life" not in s.log(), "nobody was killed")
        with Client(s.port) as c:
            t.ok(served(c), "and it can serve then")
            pid = server_of(s, c)
            t.ok([pid] == now, "as it does", (pid, now))
            os.kill(pid, signal.SIGSTOP)
            t.ok(s.wait_log(rf"warn: child {pid} of 127\.0\.0\.1:\d+ ended: "
                            "killed: limit hit: no sign of life"),
                 "from when on the limit holds")


def stays():
    """A spare that is told to leave does not leave."""
    with Server(SCRIPTS, "--spare", "1", "--silence-limit", "1") as s:
        before = spares(s, 1)
        os.kill(before[0], signal.SIGSTOP)
        s.process.send_signal(signal.SIGHUP)
        t.ok(s.wait_log(rf"warn: child {before[0]} of nobody ended: killed: "
                        "limit hit: no sign of life"),
             "a spare that is stopped does not leave: it is killed",
             s.log()[-1000:])
        t.eq(len(spares(s, 1, before)), 1, "and replaced")


def addresses():
    """--max-per-address counts clients and not spares."""
    with Server(SCRIPTS, "--spare", str(N), "--max-per-address", "2") as s:
        spares(s)
        with Client(s.port) as a, Client(s.port) as b:
            t.ok(served(a) and served(b), "two of one address")
            t.ok(s.turns_away(), "the third is closed")
            t.ok(s.wait_log(r"warn: refused 127\.0\.0\.1: "), "and logged")


def reload(s, before):
    """Sends HUP.  Returns the spares from then on."""
    n = s.log().count("info: reloaded")
    s.process.send_signal(signal.SIGHUP)
    tap.wait_until(lambda: s.log().count("info: reloaded") > n)
    after = spares(s, but=before)
    t.eq(len(after), N, "HUP: other spares")
    return after


def read(path):
    with open(path, encoding="ascii") as f:
        return f.read().split()


def reloads():
    """After HUP, no client gets a child with the old routes or certificate."""
    if not shutil.which("openssl"):
        return t.skip("HUP", "needs the program openssl")
    cert, key = make_pair(DIR, "one")
    routes = os.path.join(DIR, "routes.py")
    log = os.path.join(DIR, "log")

    def write(text):
        with open(routes, "w", encoding="ascii") as f:
            f.write(f"routes = [('GET', '/r', lambda q, r: {text!r})]\n")

    def answer():
        with Client(s.port) as c:
            return c.fetch("/r").body

    write("one")
    with Server(SCRIPTS, "--spare", str(N), "--cert", cert, "--key", key,
                "--routes", routes) as s:
        before = spares(s)
        t.eq(s.certificate(), read(cert), "the first certificate")
        t.eq(answer(), b"one", "the first routes")
        make_pair(DIR, "two")
        write("two")
        before = spares(s)
        # At once, before there are new spares: the old ones must not serve.
        s.process.send_signal(signal.SIGHUP)
        s.wait_log("info: reloaded")
        t.eq(s.certificate(), read(cert), "HUP: the second certificate")
        t.eq(answer(), b"two", "and the second routes")
        before = spares(s, but=before)
        t.eq(len(before), N, "HUP: other spares")
        reload(s, before)
        t.eq(answer(), b"two", "by them too")
        t.ok("of nobody ended" not in s.log(), "nothing is said of the old")
    with Server(SCRIPTS, "--spare", str(N), "--log-file", log) as s:
        tap.wait_until(lambda: len(s.children()) == N)
        os.rename(log, log + ".old")
        s.process.send_signal(signal.SIGHUP)
        tap.wait_until(lambda: os.path.exists(log) and
                       "info: reloaded" in " ".join(read(log)))
        with Client(s.port) as c:
            c.fetch("/crash.py?how=sys_exit")
        t.ok(tap.wait_until(lambda: "SystemExit" in " ".join(read(log))),
             "what their scripts log is in the new file", read(log))
    return None


def ends():
    """TERM, or the death of the parent: no spare is left."""
    with Server(SCRIPTS, "--spare", str(N), "--grace", "1000") as s:
        before = spares(s)
        with Client(s.port) as c:
            t.ok(served(c), "a client")
            used = server_of(s, c)
            now = spares(s)
            x = c.open("/body.py", "POST", end_stream=False)
            c.ping()
            s.process.send_signal(signal.SIGTERM)
            t.ok(tap.wait_until(lambda: s.children() == [used]),
                 "TERM: spares leave, the child stays", (now, s.children()))
            c.send_data(x.sid, b"", end_stream=True)
            t.ok(c.wait_for(lambda: x.ended), "and finishes", x)
        t.eq(s.process.wait(tap.scaled(60)), 0, "then the server ends")
        t.ok("of nobody ended" not in s.log(), "of spares it says nothing",
             s.log()[-1000:])
        t.ok(used in before, "it had been a spare")
    with Server(SCRIPTS, "--spare", str(N)) as s:
        before = spares(s)
        t.eq((len(before), s.stop()), (N, 0), "TERM without a client")
        t.eq([p for p in before if alive(p)], [], "leaves none")
    s = Server(SCRIPTS, "--spare", str(N))
    with contextlib.suppress(AssertionError), s:
        before = spares(s)
        s.stop(signal.SIGKILL)
        t.ok(len(before) == N and tap.wait_until(
            lambda: not any(alive(p) for p in before)),
             "without their parent they leave too")


def alive(pid):
    """Returns whether a process runs; a zombie does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)],
                           stdout=subprocess.PIPE, check=False).stdout
    return bool(state.strip()) and not state.startswith(b"Z")


FDS = """import os, stat
def main(request, response):
    sockets = 0
    for fd in range(4096):
        try:
            sockets += stat.S_ISSOCK(os.fstat(fd).st_mode)
        except OSError:
            pass
    return str(sockets)
"""


def descriptors():
    """A child has no end of another child's sockets, and only one
    end of its own pair."""
    with open(os.path.join(DIR, "fds.py"), "w", encoding="ascii") as f:
        f.write(FDS)
    with Server(DIR, "--spare", "8") as s, contextlib.ExitStack() as stack:
        spares(s, 8)
        # The first are spares; the others are forked for their clients.
        counts = [stack.enter_context(Client(s.port)).fetch("/fds.py").body
                  for _ in range(10)]
        t.eq(counts, [b"2"] * 10, "a child's sockets: its client's, and its "
             "end of the line to the parent")


def options():
    p = subprocess.run([program(), "--spare", "65", SCRIPTS],
                       stderr=subprocess.PIPE, check=False)
    t.ok(p.returncode == 64 and b'--spare: "65": expected a number from 0 to '
         b"64" in p.stderr, "--spare 65 is refused", p.stderr)


serves()
default()
crowd()
full()
crash()
killed()
dies_at_once()
hand_over_fails()
silent()
stays()
addresses()
reloads()
ends()
descriptors()
options()
shutil.rmtree(DIR)
t.done()
