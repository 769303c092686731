#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many connections: good ones, ones whose scripts do the worst they can, and
hostile clients; and what is left of the server afterwards.

    python3 t/stress/stress.py [--connections N] [--parallel N] [--seed N]

It starts ./h2rig (or $H2RIG) and prints TAP and figures.  t/stress.t runs a
short form of it; 10,000 connections are for a run by hand.
"""
import argparse
import collections
import os
import random
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import Server, program                              # noqa: E402

SCRIPTS = os.path.join(HERE, "scripts")
ROOT = os.getuid() == 0

#: how of scripts/bad.py -> what the log must say of its end; how often it is
#: run among the others.  None: the connection ends as any other.
BAD = {
    "segv": (r"killed by SIGSEGV", 6),
    "abort": (r"killed by SIGABRT", 6),
    "exit": (r"exit by a script, code 9", 6),
    "overflow": (r"killed by SIGSEGV", 4),
    "fork": (None, 6),
    "subprocess": (None, 6),
    "memory": (None, 1),
    "forks": (r"killed: limit hit: processes \(--max-processes\)", 1),
    "closes": (r"damaged by a script: .*", 6),
    "stop": (r"killed: limit hit: no sign of life \(--silence-limit\)", 1),
    "kill": (r"killed by SIGKILL", 6),
    "signal_parent": (None, 6),
    "kill_all": (r"killed by SIGKILL", 6),
    "loop": (r"limit hit: main in .*", 1),
    "threads": (None, 4),
    "handlers": (None, 4),
    "exec": (r"exit by a script, code 0", 6),
}
USER_ONLY = "signal_parent", "kill_all"
#: sanitizer builds have no limit of memory
LIMITED_ONLY = ("memory",)

OPTIONS = ["--max-memory", str(600 << 20), "--max-processes", "20",
           "--max-children", "64"]
for _name, _seconds in (("silence-limit", 4), ("run-limit", 2),
                        ("handshake-timeout", 3)):
    OPTIONS += [f"--{_name}", str(max(int(tap.scaled(_seconds)), 1))]


class Counts:
    """What has happened, told by many threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.n = collections.Counter()
        self.faults = []
        self.first = []
        #: client port -> how, for each bad one whose end the log must name
        self.ends = {}

    def add(self, kind, fault=None):
        """One connection of that kind is over."""
        with self.lock:
            self.n[kind] += 1
            if fault:
                self.faults.append(f"{kind}: {fault}")


def good(s, counts, rng):
    """Three requests, whose answers are checked octet by octet."""
    began = time.monotonic()
    with Client(s.port, timeout=60) as c:
        for i in range(3):
            body = rng.randbytes(rng.choice((0, 10, 3000, 70000)))
            x = c.fetch("/good.py", body=body)
            if i == 0:
                with counts.lock:
                    counts.first.append(time.monotonic() - began)
            if (x.status, x.body, x.ended) != (200, body[::-1], True):
                return f"request {i}: {x}, ends {c.end}"
    return None


def bad(s, counts, how):
    """A script that misbehaves."""
    with Client(s.port, timeout=60) as c:
        port = c.sock.getsockname()[1]
        end = BAD[how][0]
        if end is not None:
            with counts.lock:
                counts.ends[port] = how
        x = c.request(f"/bad.py?how={how}")
        if end is not None:
            return None if c.wait_end() else "the connection does not end"
        c.wait_for(lambda: x.done)
        want = 500 if how == "memory" else 200
        return None if x.status == want and x.ended else f"{x}, ends {c.end}"


def connect(s):
    """A TCP connection."""
    sock = socket.create_connection(("127.0.0.1", s.port))
    sock.settimeout(tap.scaled(60))
    return sock


def drain(sock):
    """Reads until the server has closed."""
    try:
        while sock.recv(65536):
            pass
    except OSError:
        pass


def reset(sock):
    """Closes by a TCP reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def bad_tls(s, rng):
    """Octets that are no TLS."""
    with connect(s) as sock:
        sock.sendall(rng.randbytes(300))
        drain(sock)


def bad_record(s, rng):
    """A ClientHello that is garbage within."""
    with connect(s) as sock:
        sock.sendall(b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc" +
                     rng.randbytes(252))
        drain(sock)


def half_open(s, rng):
    """Sends nothing, or half of something, and waits for the time limit."""
    with connect(s) as sock:
        sock.sendall(b"\x16\x03\x01"[:rng.randrange(4)])
        drain(sock)


def reset_in_handshake(s, rng):
    """A ClientHello, and a TCP reset after it."""
    sock = connect(s)
    out, unused = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    tls = context.wrap_bio(unused, out, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = out.read()
    sock.sendall(hello[:rng.choice((20, len(hello)))])
    reset(sock)


def bad_frames(s, rng):
    """Frames of any type, flags and content."""
    with Client(s.port, timeout=60, ack=False) as c:
        for _ in range(50):
            c.send_frame(rng.randrange(11), rng.randrange(256),
                         rng.randrange(6), rng.randbytes(rng.randrange(80)))
        c.sock.shutdown(socket.SHUT_WR)
        c.wait_end()


def reset_in_request(s, rng):
    """Requests, and a TCP reset before they are answered."""
    with Client(s.port, timeout=60) as c:
        for _ in range(rng.randrange(1, 10)):
            c.open("/good.py", "POST")
        reset(c.sock)


HOSTILE = [bad_tls, bad_record, reset_in_handshake, bad_frames,
           reset_in_request]


def sanitized():
    """Whether the program is a sanitizer build."""
    with open(program(), "rb") as f:
        return b"__asan_init" in f.read()


class Work:
    """The connections to be made, in an order that a seed decides."""

    def __init__(self, n, seed):
        self.rng = random.Random(seed)
        left_out = (() if ROOT else USER_ONLY) + (
            LIMITED_ONLY if sanitized() else ())
        hows = [how for how, (_, weight) in BAD.items()
                for _ in range(weight) if how not in left_out]
        n_bad = n // 10
        # Each kind once, whatever chance says.
        kinds = list(dict.fromkeys(hows))
        bads = (kinds + self.rng.choices(hows, k=n_bad))[:max(n_bad,
                                                              len(kinds))]
        hostile = [half_open] * (n // 200 + 1) + self.rng.choices(
            HOSTILE, k=n // 10 - n // 200)
        self.jobs = ([("bad", how) for how in bads] +
                     [("hostile", f) for f in hostile])
        self.jobs += [("good", None)] * (n - len(self.jobs))
        self.rng.shuffle(self.jobs)
        self.lock = threading.Lock()

    def next(self):
        """(kind, which, seed), or None."""
        with self.lock:
            if not self.jobs:
                return None
            return (*self.jobs.pop(), self.rng.random())


def one(s, counts, kind, which, seed):
    """One connection."""
    rng = random.Random(seed)
    fault = None
    try:
        if kind == "good":
            fault = good(s, counts, rng)
        elif kind == "bad":
            fault = bad(s, counts, which)
        else:
            which(s, rng)
    except OSError as e:
        # The server may close on a hostile client, or with its script.
        if kind == "good" or isinstance(e, TimeoutError):
            fault = repr(e)
    if which is not None:
        kind += " " + getattr(which, "__name__", which)
    counts.add(kind, fault)


def run(s, work, counts, parallel):
    """All of it, by so many threads."""
    def loop():
        while True:
            job = work.next()
            if job is None:
                return
            one(s, counts, *job)

    threads = [threading.Thread(target=loop) for _ in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ---- neighbours

def first_answers(s, n):
    """Median and longest time to the first answer of new connections, in
    milliseconds; None if one is not answered."""
    times = []
    for _ in range(n):
        began = time.monotonic()
        with Client(s.port, timeout=60) as c:
            if c.fetch("/good.py", body=b"abc").body != b"cba":
                return None
            times.append((time.monotonic() - began) * 1000)
    times.sort()
    return times[n // 2], times[-1]


def answers(s, c, n):
    """Likewise for requests of one connection."""
    times = []
    for _ in range(n):
        began = time.monotonic()
        if c.fetch("/good.py", body=b"abc").body != b"cba":
            return None
        times.append((time.monotonic() - began) * 1000)
    times.sort()
    return times[n // 2], times[-1]


def beside_holders(t, s):
    """50 clients hold connections and send nothing."""
    alone = first_answers(s, 40)
    held = []
    for i in range(50):
        if i % 3 == 2:
            held.append(Client(s.port, timeout=60).sock)
            continue
        held.append(connect(s))
        if i % 3 == 1:
            held[-1].sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
    beside = first_answers(s, 40)
    t.ok(alone and beside, "beside 50 that hold connections, new ones are "
         "served")
    t.ok(len(s.children()) >= 50, "which are held to the end")
    for sock in held:
        sock.close()
    if alone and beside:
        t.diag("new connection's first answer, median and longest: "
               "alone %.1f and %.1f ms, " % alone +
               "beside 50 that hold theirs %.1f and %.1f ms" % beside)


def beside_burner(t, s):
    """Another connection's script burns processor time in one C call."""
    with Client(s.port, timeout=60) as c, Client(s.port, timeout=60) as other:
        alone = answers(s, c, 100)
        other.request("/bad.py?how=loop")
        other.ping()
        beside = answers(s, c, 100)
        t.ok(alone and beside and other.end is None,
             "beside a connection that burns processor time, others are "
             "served")
    if alone and beside:
        t.diag("answer on an open connection, median and longest: "
               "alone %.1f and %.1f ms, " % alone +
               "beside one that burns %.1f and %.1f ms" % beside)


# ---- what is left

def processes(test):
    """Rows (pid, ppid, pgid, state, command) of ps for which test is true."""
    out = subprocess.run(
        ["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "pgid=", "-o",
         "stat=", "-o", "args="], stdout=subprocess.PIPE, check=True).stdout
    rows = [line.split(None, 4) for line in out.decode("latin-1").splitlines()]
    rows = [(int(r[0]), int(r[1]), int(r[2]), r[3], " ".join(r[4:]))
            for r in rows]
    return [r for r in rows if test(r)]


def memory(pid):
    """Octets that the process alone has written to."""
    with open(f"/proc/{pid}/status", encoding="latin-1") as f:
        anon = re.search(r"RssAnon:\s+(\d+) kB", f.read())
    return int(anon.group(1)) * 1024


def descriptors(pid):
    """What the parent has open; None: it cannot be seen."""
    if not os.access(f"/proc/{pid}/fd", os.R_OK):
        return None
    names = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            names.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            pass
    return sorted(re.sub(r"\.\w{6} \(deleted\)|\d+", "N", n) for n in names)


def warm_up(s):
    """As many children at a time as there will be: each slot has its file."""
    clients = [Client(s.port, timeout=60) for _ in range(64)]
    for c in clients:
        c.fetch("/good.py", body=b"x")
    for c in clients:
        c.close()
    tap.wait_until(lambda: not s.children(), 30)


def check_ends(t, s, counts):
    """Every abnormal end is in the log, with its script."""
    lines = {}
    for m in re.finditer(r"child \d+ of 127\.0\.0\.1:(\d+) ended: (.*)",
                         s.log()):
        lines.setdefault(int(m.group(1)), []).append(m.group(2))
    missing = []
    for port, how in counts.ends.items():
        wanted = BAD[how][0]
        if not any(re.match(wanted, line) and "/bad.py" in line
                   for line in lines.get(port, [])):
            missing.append(f"{how}, port {port}: {lines.get(port)}")
    t.ok(not missing, f"all {len(counts.ends)} abnormal ends are in the log "
         "with the right script", "\n".join(missing[:20]))


def check_server(t, s, before):
    """The parent, and what could be left over."""
    t.ok(s.alive(), "the parent lives, the same process")
    t.ok(tap.wait_until(lambda: not processes(
        lambda r: r[1] == s.pid), 60), "no child is left, and no zombie",
        processes(lambda r: r[1] == s.pid))
    # Each child led a group of its own, of which the log has the number.
    groups = {int(n) for n in re.findall(r"child (\d+) of", s.log())}
    t.ok(tap.wait_until(lambda: not processes(lambda r: r[2] in groups)),
         "no process of theirs is left",
         processes(lambda r: r[2] in groups))
    if before is None:
        return t.skip("memory and descriptors", "needs /proc")
    grown = memory(s.pid) - before[0]
    t.ok(grown < 1 << 20, "the parent's memory has grown by less than 1 MiB",
         grown)
    t.diag(f"memory of the parent: {before[0] // 1024} KiB before, "
           f"{grown // 1024:+} KiB after")
    if before[1] is None:
        return t.skip("descriptors of the parent", "needs root")
    t.eq(descriptors(s.pid), before[1], "it has the descriptors that it had")


def figures(t, counts, seconds):
    """Numbers for whoever reads the output."""
    total = sum(counts.n.values())
    t.diag(f"{total} connections in {seconds:.1f} s, "
           f"{total / seconds:.0f} a second")
    for kind, n in sorted(counts.n.items()):
        t.diag(f"    {n:6} {kind}")
    first = sorted(counts.first)
    if first:
        t.diag("good connections, handshake and first answer: median "
               f"{first[len(first) // 2] * 1000:.0f} ms, 99 of 100 within "
               f"{first[len(first) * 99 // 100] * 1000:.0f} ms, longest "
               f"{first[-1] * 1000:.0f} ms")


def stress(connections, parallel, seed):
    """The whole of it; ends the program."""
    t = tap.Tap()
    scratch = tempfile.mkdtemp(prefix="h2rig-stress-")
    os.chmod(scratch, 0o755)
    docroot = os.path.join(scratch, "docroot")
    shutil.copytree(SCRIPTS, docroot)
    options = OPTIONS + (["--user", "nobody"] if ROOT else [])
    if not ROOT:
        t.skip("signals to the parent", "needs root, for --user")
    try:
        with Server(docroot, "--handshake-timeout", "100") as s:
            beside_holders(t, s)
        with Server(docroot, *options) as s:
            warm_up(s)
            try:
                before = memory(s.pid), descriptors(s.pid)
            except (OSError, AttributeError):
                before = None
            counts = Counts()
            work = Work(connections, seed)
            beside_burner(t, s)
            began = time.monotonic()
            run(s, work, counts, parallel)
            figures(t, counts, time.monotonic() - began)
            n = counts.n["good"]
            t.ok(n > 0 and not [f for f in counts.faults
                                if f.startswith("good")],
                 f"{3 * n} good requests are answered correctly",
                 "\n".join(counts.faults[:20]))
            t.ok(not counts.faults, "the bad ones end as they must",
                 "\n".join(counts.faults[:20]))
            with Client(s.port, timeout=60) as c:
                t.eq(c.fetch("/good.py", body=b"abc").body, b"cba",
                     "the server serves on")
            check_server(t, s, before)
            check_ends(t, s, counts)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    t.done()


def main():
    """The command line."""
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--connections", type=int, default=10000)
    p.add_argument("--parallel", type=int, default=40)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    stress(a.connections, a.parallel, a.seed)


if __name__ == "__main__":
    main()
