#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many connections: good ones, ones whose scripts do the worst they can,
hostile clients, and some that hold all places and fill TMPDIR the whole time;
and what is left of the server afterwards.

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
import signal
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
from server import Server, extended, sanitized                  # noqa: E402

SCRIPTS = os.path.join(HERE, "scripts")
ROOT = os.getuid() == 0

#: how of scripts/bad.py -> what becomes of it; how often it is run among the
#: others.  A number is the status of its response, and the connection goes on;
#: a text is what the log must say of the connection's end.
BAD = {
    "segv": (r"killed by SIGSEGV", 6),
    "abort": (r"killed by SIGABRT", 6),
    "exit": (r"exit by a script, code 9", 6),
    "overflow": (r"killed by SIGSEGV", 4),
    "fork": (200, 6),
    "subprocess": (200, 6),
    "multiprocessing": (200, 4),
    "memory": (500, 2),
    "forks": (r"killed: limit hit: processes \(--max-processes\)", 1),
    "closes": (r"damaged by a script: .*", 6),
    "replaces": (200, 6),
    "stop": (r"killed: limit hit: no sign of life \(--silence-limit\)", 1),
    "kill": (r"killed by SIGKILL", 6),
    "signal_parent": (200, 6),
    "kill_all": (r"killed by SIGKILL", 6),
    "loop": (r"limit hit: main in .*", 1),
    "threads": (200, 4),
    "starts": (500, 2),
    "text_loops": (500, 2),
    "text_forks": (500, 4),
    "headers_loop": (500, 1),
    "finalizer_loops": (200, 1),
    "handlers": (200, 4),
    "output": (200, 4),
    "nonblocking": (200, 4),
    "exec": (r"exit by a script, code 0", 6),
}
USER_ONLY = "signal_parent", "kill_all"
#: sanitizer builds have no limit of memory
LIMITED_ONLY = ("memory",)
#: without extensions nobody counts processes
EXTENDED_ONLY = ("forks",)

#: The house is full at all times: there are more that hold places.
PLACES = 32
OPTIONS = ["--max-memory", "600M", "--max-processes", "20",
           "--max-children", str(PLACES),
           "--max-stored", "16M", "--max-stored-total", "32M"]
for _name, _seconds in (("silence-limit", 10), ("run-limit", 4),
                        ("handshake-timeout", 20)):
    OPTIONS += [f"--{_name}", str(max(int(tap.scaled(_seconds)), 1))]


class Counts:
    """What has happened, told by many threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.n = collections.Counter()
        self.faults = []
        self.first = []
        #: (client port, regex): what the log must have, one record for each
        self.ends = []

    def add(self, kind, fault=None):
        """One connection of that kind is over."""
        with self.lock:
            self.n[kind] += 1
            if fault:
                self.faults.append(f"{kind}: {fault}")

    def will_end(self, c, regex):
        """The log is to have such an end of that client."""
        with self.lock:
            self.ends.append((c.sock.getsockname()[1], regex))


def good(s, counts, rng):
    """Three requests, whose answers are checked octet by octet.  A client that
    a busy machine keeps from its next request has no work, and may be asked to
    make room as any other: it comes again."""
    for _ in range(20):
        with Client(s.port, timeout=60) as c:
            port = c.sock.getsockname()[1]
            try:
                fault = requests(c, counts, rng)
            except OSError as e:
                fault = repr(e)
            if fault is None:
                counts.will_end(c, r"closed by client; .* 3 streams,")
        if fault is None:
            return None
        if not s.wait_log(rf"child \d+ of 127\.0\.0\.1:{port}, .*, makes room "
                          "for ", 10):
            return fault
        counts.add("sent away")
    return fault


def requests(c, counts, rng):
    """Three, one after another."""
    began = time.monotonic()
    for i in range(3):
        # The large one is stored in TMPDIR.
        body = rng.randbytes(rng.choice((0, 10, 3000, 70000) * 8 +
                                        (1200000,)))
        x = c.fetch("/good.py", body=body)
        if i == 0:
            with counts.lock:
                counts.first.append(time.monotonic() - began)
        if (x.status, x.body, x.ended) != (200, body[::-1], True):
            return f"request {i}: {x}, ends {c.end}"
    return None


def bad(s, counts, how):
    """A script that misbehaves, and a good one beside it."""
    with Client(s.port, timeout=60) as c:
        end = BAD[how][0]
        if isinstance(end, str):
            counts.will_end(c, end + r".*(running|last ran) (end of )?main "
                            r"in /bad\.py on stream 1[;,]")
            c.request(f"/bad.py?how={how}")
            return None if c.wait_end() else "the connection does not end"
        x = c.request(f"/bad.py?how={how}")
        y = c.request("/good.py", body=b"x")
        c.wait_for(lambda: x.done and y.done)
        after = c.fetch("/good.py", body=b"abc")
        # INTERNAL_ERROR: the limit was hit again while the response was made.
        got = 500 if x.reset == 2 else x.ended and x.status
        if (got, y.body, after.body) == (end, b"x", b"cba"):
            return None
        return f"{x}, {y}, {after}, ends {c.end}, {c.goaway}"


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


def parameters(s, rng):
    """A form of more names than are allowed, which the script asks for."""
    with Client(s.port, timeout=60) as c:
        x = c.fetch("/bad.py?how=form", headers={
            "content-type": "application/x-www-form-urlencoded"},
            body=b"a&" * rng.randrange(11000, 200000))
        return None if x.status == 413 else f"{x}, ends {c.end}, {c.goaway}"


HOSTILE = [bad_tls, bad_record, reset_in_handshake, bad_frames,
           reset_in_request, parameters]


# ---- what is hostile all the time

def silent(s, over):
    """Holds a TCP connection and says nothing."""
    with connect(s) as sock:
        sock.settimeout(1)
        while not over.is_set():
            try:
                if not sock.recv(1):
                    return
            except socket.timeout:
                pass


def pings(s, over):
    """Does nothing but PING."""
    with Client(s.port, timeout=60) as c:
        while c.ping() and not c.goaway and not over.wait(0.5):
            pass


def fills(s, over):
    """Has as much of TMPDIR as it gets, in uploads that do not end."""
    with Client(s.port, timeout=60) as c:
        uploads = []
        while not any(x.done for x in uploads) and not over.is_set():
            x = c.open("/good.py", "POST")
            uploads.append(x)
            for _ in range(128):
                c.send_data(x.sid, bytes(16384))
        c.wait_for(lambda: c.goaway or over.is_set(), 2)


def unread(s, over):
    """Nobody reads the log, for longer than functions may run."""
    os.kill(s.reader.pid, signal.SIGSTOP)
    over.wait(tap.scaled(15))
    os.kill(s.reader.pid, signal.SIGCONT)
    over.wait(3)


HOLDERS = [silent] * 24 + [pings] * 12 + [fills, unread]


class Holders:
    """As many of them as there are places, and more; who is sent away comes
    back."""

    def __init__(self, s, counts):
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.hold, args=(
            s, counts, which)) for which in HOLDERS]

    def __enter__(self):
        for thread in self.threads:
            thread.start()

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def hold(self, s, counts, which):
        while not self.over.is_set():
            try:
                which(s, self.over)
            except OSError:
                pass                        # it was sent away
            counts.add("holder " + which.__name__)


class Work:
    """The connections to be made, in an order that a seed decides."""

    def __init__(self, n, seed):
        self.rng = random.Random(seed)
        left_out = (() if ROOT else USER_ONLY) + (
            LIMITED_ONLY if sanitized() else ()) + (
            () if extended() else EXTENDED_ONLY)
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
            fault = which(s, rng)
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


def beside_holders(t, docroot, places, n):
    """n clients hold connections and send nothing."""
    with Server(docroot, "--handshake-timeout", "100", "--max-children",
                str(places)) as s:
        alone = first_answers(s, 40)
        held = []
        for i in range(n):
            if i % 3 == 2 and places > n:
                held.append(Client(s.port, timeout=60).sock)
                continue
            held.append(connect(s))
            if i % 3 == 1:
                held[-1].sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
        beside = first_answers(s, 40)
        what = f"of {places} places, {n} clients that hold theirs"
        t.ok(alone and beside, f"{what}: new ones are served")
        if places > n:
            t.ok(len(s.children()) >= n, f"{what}: to the end")
        for sock in held:
            sock.close()
    if alone and beside:
        t.diag("new connection's first answer, median and longest: "
               "alone %.1f and %.1f ms, " % alone +
               "beside them %.1f and %.1f ms" % beside)


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
    """Rows (pid, ppid, state, command) of ps for which test is true."""
    out = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=", "-o", "ppid=", "-o", "stat=", "-o",
         "args="], stdout=subprocess.PIPE, check=True).stdout
    rows = [line.split(None, 3) for line in out.decode("latin-1").splitlines()]
    rows = [(int(r[0]), int(r[1]), r[2], " ".join(r[3:])) for r in rows]
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
    """As many children at a time as there are places."""
    clients = [Client(s.port, timeout=60) for _ in range(PLACES)]
    for c in clients:
        c.fetch("/good.py", body=b"x")
    for c in clients:
        c.close()
    tap.wait_until(lambda: not s.children(), 30)


def check_ends(t, s, counts):
    """Each good connection's end is in the log, and each abnormal one, with
    its script."""
    lines = collections.defaultdict(list)
    log = s.log()
    for port, line in re.findall(
            r"child \d+ of 127\.0\.0\.1:(\d+) ended: (.*)", log):
        lines[int(port)].append(line)
    missing = []
    for port, regex in counts.ends:
        found = [x for x in lines[port] if re.match(regex, x)]
        if found:
            lines[port].remove(found[0])
        else:
            missing.append(f"port {port}: {regex}: {lines[port]}")
    t.ok(not missing, f"the log has the ends of {len(counts.ends)} "
         "connections, a record for each", "\n".join(missing[:20]))
    room, stored = log.count(", makes room for"), log.count(" is not stored,")
    t.ok(room and stored, "meanwhile the house was full, and what clients may "
         "have in TMPDIR")
    t.diag(f"{room} made room, {stored} times content was not stored, "
           f"the log has {len(log)} octets")


def ours(s):
    """Processes that began as the server, or as its script's program."""
    return {r[0] for r in processes(lambda r: s.argv[-1] in r[3])}


def check_server(t, s, before, processes_before):
    """The parent, and what could be left over."""
    t.ok(s.alive(), "the parent lives, the same process")
    t.ok(tap.wait_until(lambda: not processes(
        lambda r: r[1] == s.pid), 60), "no child is left, and no zombie",
        processes(lambda r: r[1] == s.pid))
    t.ok(tap.wait_until(lambda: not ours(s) - processes_before),
         "no process of theirs is left",
         processes(lambda r: s.argv[-1] in r[3]))
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
    total = sum(n for kind, n in counts.n.items()
                if not kind.startswith("holder"))
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


def stressed(t, s, connections, parallel, seed):
    """One server, and what all of it does to it."""
    warm_up(s)
    processes_before = ours(s)
    try:
        before = memory(s.pid), descriptors(s.pid)
    except (OSError, AttributeError):
        before = None
    counts = Counts()
    beside_burner(t, s)
    began = time.monotonic()
    with Holders(s, counts):
        run(s, Work(connections, seed), counts, parallel)
        seconds = time.monotonic() - began
    figures(t, counts, seconds)
    n = counts.n["good"]
    faults = "\n".join(counts.faults[:20])
    t.ok(n > 0 and not [f for f in counts.faults if f.startswith("good")],
         f"{3 * n} good requests are answered correctly", faults)
    t.ok(not counts.faults, "the bad ones end as they must", faults)
    with Client(s.port, timeout=60) as c:
        t.eq(c.fetch("/good.py", body=b"abc").body, b"cba",
             "the server serves on")
    check_server(t, s, before, processes_before)
    check_ends(t, s, counts)


def stress(connections, parallel, seed):
    """The whole of it; ends the program."""
    t = tap.Tap()
    scratch = tempfile.mkdtemp(prefix="h2rig-stress-")
    os.chmod(scratch, 0o755)
    docroot, tmp = (os.path.join(scratch, x) for x in ("docroot", "tmp"))
    shutil.copytree(SCRIPTS, docroot)
    os.mkdir(tmp)
    os.chmod(tmp, 0o1777)
    options = OPTIONS + (["--user", "nobody"] if ROOT else [])
    if not ROOT:
        t.skip("signals to the parent", "needs root, for --user")
    try:
        beside_holders(t, docroot, 512, 50)
        beside_holders(t, docroot, 20, 60)
        with Server(docroot, *options, env={"TMPDIR": tmp},
                    piped=True) as s:
            stressed(t, s, connections, parallel, seed)
        t.eq(os.listdir(tmp), [], "nothing is left in TMPDIR")
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
