#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests limits on what scripts and clients use: each is enforced, the log
names its option, and no other connection is affected."""
import contextlib
import os
import platform
import re
import resource
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
from server import Server, extended, program, sanitized, write_scripts

t = tap.Tap()
DOCROOT = tempfile.mkdtemp(prefix="h2rig-limits-")
MIB = 1 << 20

SCRIPTS = {
    "quick": """
def main(request, response):
    return 'quick'
""",
    "held": """
def handle_headers(frame, request, response):
    response.writer.write_headers([], 200)
    response.writer.write_data('x')
    response.writer.write_data(request.body, last=True)
""",
    "memory": """
import sys
kept = []
def main(request, response):
    try:
        while True:
            kept.append(bytearray(1 << 20))
    except MemoryError:
        n = len(kept)
        kept.clear()
        if request.GET.first(b'catch', None):
            return str(n)
        raise
""",
    "threads": """
import threading
def main(request, response):
    threading.stack_size(1 << 18)
    go = threading.Event()
    threads = [threading.Thread(target=lambda: bytearray(1 << 18) and go.wait())
               for _ in range(60)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    return 'all ran'
""",
    "spin": """
import ctypes, signal
def main(request, response):
    if request.GET.first(b'ignore', None):
        libc = ctypes.CDLL(None)
        libc.signal.argtypes = ctypes.c_int, ctypes.c_void_p
        libc.signal(signal.SIGXCPU, 1)
    while True:
        pass
""",
    "writes": """
import errno, os, tempfile
def main(request, response):
    with tempfile.TemporaryFile(buffering=0) as f:
        try:
            for i in range(10):
                f.write(b'x' * 10000)
            name = 'no error'
        except OSError as e:
            name = errno.errorcode[e.errno]
        f.truncate(0)
    for i in range(3000):
        print('line %d of many ' % i + 'x' * 40)
    return name
""",
    "files": """
import os
def main(request, response):
    fds = []
    try:
        while True:
            fds.append(os.open('/dev/null', os.O_RDONLY))
    except OSError:
        highest = fds[-1]
        for fd in fds:
            os.close(fd)
        return str(highest)
""",
    "forks": """
import os, time
def main(request, response):
    for i in range(12):
        if os.fork() == 0:
            time.sleep(1000)
    time.sleep(1000)
""",
    "stops": """
import os, signal
def main(request, response):
    os.kill(os.getpid(), signal.SIGSTOP)
""",
    "execs": """
import os
def main(request, response):
    os.execv('/bin/sleep', ['sleep', '1000'])
""",
}


def served(c):
    """Returns whether the client gets its response."""
    return c.fetch("/quick.py").body == b"quick"


def logged(s, regex, name):
    """Tests that a line of the log matches."""
    return t.ok(s.wait_log(regex), name, s.log()[-3000:])


def group(pid):
    """Returns the processes of a process group, without zombies."""
    listing = subprocess.run(["ps", "-A", "-o", "pgid=", "-o", "stat="],
                             stdout=subprocess.PIPE, check=True).stdout
    rows = [line.split() for line in listing.decode().splitlines()]
    return [r for r in rows if int(r[0]) == pid and not r[1].startswith("Z")]


# ---- in the child

def requests():
    """--max-requests: GOAWAY comes, and requests that run are finished."""
    with Server(DOCROOT, "--max-requests", "3") as s, Client(s.port) as c:
        x = c.open("/held.py", "POST")
        t.ok(c.wait_for(lambda: x.data), "the first of three runs")
        t.ok(served(c) and c.goaway is None, "the second: no GOAWAY")
        t.ok(served(c), "the third is served")
        t.ok(c.wait_for(lambda: c.goaway), "then there is GOAWAY")
        t.eq(c.goaway[:2], (5, 0), "which names the third, without an error")
        late = c.open("/quick.py", end_stream=True)
        c.send_data(x.sid, b"the rest", end_stream=True)
        t.ok(c.wait_end() and x.ended, "what ran is finished", x)
        t.eq(x.body, b"xthe rest", "and whole")
        t.eq(late.status, None, "a fourth is not served")
        logged(s, r"info: child \d+ .* ended: drained: .*\(--max-requests\); ",
               "the log says why")
        with Client(s.port) as other:
            t.ok(served(other), "the next connection is served")


def lifetime():
    """--max-lifetime: GOAWAY comes, and requests that run are finished."""
    with Server(DOCROOT, "--max-lifetime", "1") as s, Client(s.port) as c:
        x = c.open("/held.py", "POST")
        t.ok(c.wait_for(lambda: x.data), "a function runs")
        t.ok(c.wait_for(lambda: c.goaway), "GOAWAY comes by itself")
        t.eq(c.goaway[:2], (1, 0), "without an error")
        c.send_data(x.sid, b"the rest", end_stream=True)
        t.ok(c.wait_end() and x.ended and x.body == b"xthe rest",
             "what ran is finished", x)
        logged(s, r"info: child \d+ .* ended: drained: .*\(--max-lifetime\); ",
               "the log says why")


def memory():
    """--max-memory: a script gets MemoryError, and the connection goes on."""
    if sanitized():
        return t.skip("--max-memory", "not with sanitizers")
    with Server(DOCROOT, "--max-memory", str(700 * MIB)) as s:
        with Client(s.port, timeout=30) as c:
            n = int(c.fetch("/memory.py?catch=1").body)
            t.ok(100 < n < 700, "memory has an end", n)
            t.eq(c.fetch("/threads.py").body, b"all ran",
                 "60 threads allocate")
            left = int(c.fetch("/memory.py?catch=1").body)
            if extended():      # it limits malloc's arenas
                t.ok(left > n - 4 * 64 - 20, "each of which takes no 64 MiB",
                     (n, left))
            x = c.fetch("/memory.py")
            t.ok(x.status == 500 and b"MemoryError" in x.body,
                 "MemoryError is an exception like others", x)
            logged(s, r"error: script: stream \d+, /memory\.py, main: "
                   r"Traceback.*(\n.*){1,9}error: script: MemoryError",
                   "it is in the log, with the script")
            t.ok(served(c), "the connection goes on")


def processor():
    """--max-cpu."""
    with Server(DOCROOT, "--max-cpu", "1") as s:
        for query, sig in ("", "SIGXCPU"), ("?ignore=1", "SIGKILL"):
            with Client(s.port, timeout=300) as c:
                c.request("/spin.py" + query)
                t.ok(c.wait_end(), f"--max-cpu, {sig}: the connection ends")
                logged(s, r"warn: child \d+ .* ended: limit hit: .*\(--max-cpu"
                       rf"\), killed by {sig}, running main in /spin\.py on "
                       "stream 1; ", f"{sig}: the log names limit and script")
        with Client(s.port) as c:
            t.ok(served(c), "the next is served")


def file_size():
    """--max-file-size: scripts get EFBIG; the log is not limited."""
    with Server(DOCROOT, "--max-file-size", "66000") as s:
        with Client(s.port, timeout=30) as c:
            t.eq(c.fetch("/writes.py").body, b"EFBIG", "a write too many")
            t.ok(served(c), "the connection goes on")
        def lines():
            return re.findall(r"script output: line (\d+) of many x{40}$",
                              s.log(), re.M)
        tap.wait_until(lambda: len(lines()) >= 3000)
        t.eq([int(n) for n in lines()], list(range(3000)),
             "a log that is larger has all lines, whole")


def files():
    """--max-files."""
    with Server(DOCROOT, "--max-files", "50") as s, Client(s.port) as c:
        t.eq(c.fetch("/files.py").body, b"49", "the highest descriptor is 49")
        t.ok(served(c), "the connection goes on")


def memory_group():
    """Makes a control group with a memory limit, of either version, below the
    test's own.  Returns None if that is not possible."""
    try:
        with open("/proc/self/cgroup", encoding="ascii") as f:
            groups = dict(line.rstrip("\n").split(":", 2)[1:] for line in f)
    except OSError:
        return None
    for mount, controller, name in (
            ("/sys/fs/cgroup/memory", "memory", "memory.limit_in_bytes"),
            ("/sys/fs/cgroup", "", "memory.max")):
        path = f"{mount}{groups.get(controller)}/h2rig-{os.getpid()}"
        try:
            os.mkdir(path)
        except OSError:
            continue
        if os.path.exists(os.path.join(path, name)):
            return path, name
        os.rmdir(path)
    return None


class InGroup(Server):
    """A server in a control group below one that has a limit."""

    def __init__(self, group, limit, *options):
        super().__init__(DOCROOT, *options)
        path, name = group
        with open(os.path.join(path, name), "w", encoding="ascii") as f:
            f.write(str(limit))
        self.argv = ["/bin/sh", "-c", 'echo $$ >"$0"/cgroup.procs; exec "$@"',
                     os.path.join(path, "below")] + self.argv


#: Prints what a child may have, in MiB: here, and with limits of these MiB.
SHARES = """
from h2rig.server import machine
print(machine.child_memory() >> 20)
for limits in [], [12000], [24000, 12000, 36000], [700], [12 << 20]:
    machine._limits = lambda: (n << 20 for n in limits)
    print(machine.child_memory() >> 20)
"""


def share():
    """--max-memory by default: a share of the machine's memory."""
    python = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                          "python")
    here, *others = map(int, subprocess.run(
        [sys.executable, "-B", "-c", SHARES], stdout=subprocess.PIPE,
        check=True, env=dict(os.environ, PYTHONPATH=python)).stdout.split())
    t.eq(others, [4096, 1000, 1000, 512, 4096],
         "--max-memory is a twelfth of the least limit, from 512 MiB to 4 GiB")
    with Server(DOCROOT) as s:
        t.ok(s.wait_log(rf"info: h2rig .*, memory {here} MiB;"),
             f"here: {here} MiB", s.log()[:500])
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MIB
    t.ok(here == 512 or here <= whole // 12, f"... of {whole}")


def of_the_machine():
    """--max-memory by default, from a control group's limit; the kernel's
    out-of-memory killer."""
    if not extended() or (group := memory_group()) is None:
        return t.skip("limits of control groups", "none can be made, or h2rig "
                      "is built without extensions")
    os.mkdir(os.path.join(group[0], "below"))
    try:
        with InGroup(group, 12000 * MIB) as s:
            t.ok(s.wait_log(r"info: h2rig .*, memory 1000 MiB;"),
                 "--max-memory is a twelfth of a limit above", s.log()[:500])
        with InGroup(group, 700 * MIB) as s:
            t.ok(s.wait_log(r"info: h2rig .*, memory 512 MiB;"),
                 "or 512 MiB", s.log()[:500])
        if sanitized():
            return t.skip("out of memory", "not with sanitizers")
        with InGroup(group, 300 * MIB, "--max-memory", "0") as s:
            with Client(s.port) as other, Client(s.port, timeout=60) as c:
                t.ok(served(other), "another connection")
                c.request("/memory.py")
                t.ok(c.wait_end(60), "the kernel is out of memory: a child "
                     "that takes too much ends")
                logged(s, r"warn: child \d+ .* ended: killed by SIGKILL: out of "
                       r"memory, .*, running main in /memory\.py on stream 1; ",
                       "the log names memory and script")
                t.ok(served(other), "the other is still served")
    finally:
        for path in os.path.join(group[0], "below"), group[0]:
            tap.wait_until(lambda p=path: not open(
                os.path.join(p, "cgroup.procs"), encoding="ascii").read())
            os.rmdir(path)
    return None


def can_limit():
    """Returns whether limit_memory works here."""
    return not sanitized() and hasattr(resource, "prlimit") and \
        os.path.exists("/proc/self/stat")


def limit_memory(pid, more):
    """Limits a process to the memory it has now and `more` octets;
    not its children."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        size = int(f.read().split()[0]) * resource.getpagesize()
    hard = resource.prlimit(pid, resource.RLIMIT_AS)[1]
    resource.prlimit(pid, resource.RLIMIT_AS, (size + more, hard))


def only_child(s):
    """Returns the process of the only connection."""
    t.ok(tap.wait_until(lambda: len(s.children()) == 1), "one child")
    return s.children()[0]


def no_memory():
    """Memory runs out during the handshake or later: the
    client is not blamed."""
    if not can_limit():
        return t.skip("no memory", "needs prlimit, /proc and no sanitizers")
    with Server(DOCROOT, "--max-memory", "1") as s:
        t.ok(s.wait_log("warn: --max-memory: expected at least 64 MiB"),
             "so little: a warning", s.log())
        try:
            Client(s.port).close()
            t.skip("no memory for the handshake", "the heap has some left")
        except OSError:
            t.ok(s.wait_log(r"warn: child \d+ of \S+ ended: out of memory "
                            r"\(see --max-memory\): TLS handshake: out of "
                            "memory; "), "no memory for the handshake: the "
                 "log says so", s.log()[-1000:])
            t.ok(s.wait_log("warn: children die before their first request"),
                 "nor is it the client's fault for the parent")
    with Server(DOCROOT) as s, Client(s.port, timeout=30) as c:
        t.ok(served(c), "a connection with a thread")
        pid = only_child(s)
        limit_memory(pid, 0)
        with contextlib.suppress(OSError):
            for _ in range(99):
                x = c.open("/held.py", "POST")
                for _ in range(5):
                    c.send_data(x.sid, bytes(16000))
        # If Python lacks memory, the script gets MemoryError and the request
        # ends; if the connection's own code does, the connection ends.
        t.ok(c.wait_for(lambda: c.end or "MemoryError" in s.log()),
             "no memory for requests: the connection ends, or a request")
        if c.end:
            t.ok(s.wait_log(rf"warn: child {pid} of \S+ ended: out of memory "),
                 "the log says so", s.log()[-3000:])
        else:
            t.skip("the log says so", "Python was the first to lack memory")
    return None


def first_thread():
    """If memory is too short for a handler thread, the server tries
    again for a while."""
    if not can_limit():
        return t.skip("no memory for a thread", "needs prlimit, /proc and no "
                      "sanitizers")
    libc, version = platform.libc_ver()
    if libc == "glibc" and [int(n) for n in version.split(".")] < [2, 34]:
        return t.skip("no memory for a thread", "needs glibc 2.34's tunables")
    # Without this, a child's first thread would reuse a cached
    # stack of the parent.
    with Server(DOCROOT, env={
            "GLIBC_TUNABLES": "glibc.pthread.stack_cache_size=0"}) as s:
        for later in True, False:
            with Client(s.port, timeout=30) as c:
                t.ok(c.ping(), "a connection without a request")
                pid = only_child(s)
                limit = resource.prlimit(pid, resource.RLIMIT_AS)
                limit_memory(pid, MIB)
                x = c.request("/quick.py")
                logged(s, f"{pid}.* warn: cannot start a handler thread: ",
                       "no memory for a handler thread: it is in the log")
                if later:
                    resource.prlimit(pid, resource.RLIMIT_AS, limit)
                    t.ok(c.wait_for(lambda: x.done) and x.body == b"quick",
                         "when there is some, the request is answered", x)
                    continue
                t.ok(c.wait_end() and c.goaway and c.goaway[1:] == (
                    2, b"no handler thread could be started"),
                     "when there is none, the connection ends with "
                     "INTERNAL_ERROR", (c.goaway, c.end))
                logged(s, f"warn: child {pid} .* ended: .*no handler thread "
                       "could be started", "the log says why")
            t.ok(tap.wait_until(lambda: not s.children()), "it is gone")
    return None


# ---- by the parent

def processes():
    """--max-processes."""
    if not extended() or not os.path.exists("/proc/self/stat"):
        return t.skip("--max-processes", "needs extensions and /proc")
    with Server(DOCROOT, "--max-processes", "12") as s:
        with Client(s.port) as other, Client(s.port, timeout=30) as c:
            t.ok(served(other), "another connection")
            c.request("/forks.py")
            t.ok(c.wait_end(), "with 13 processes the connection ends")
            line = s.wait_log(r"warn: child (\d+) .* ended: killed: limit hit:"
                              r" .*\(--max-processes\), running main in "
                              r"/forks\.py on stream 1")
            t.ok(line, "the log names limit and script", s.log()[-3000:])
            pid = int(line.group(1))
            t.ok(tap.wait_until(lambda: not group(pid)), "all are gone",
                 group(pid))
            t.ok(served(other), "the other is still served")
    with Server(DOCROOT, "--max-processes", "13", "--silence-limit", "2",
                "--grace", "0") as s:
        with Client(s.port) as c, Client(s.port) as other:
            c.request("/forks.py")
            other.request("/stops.py")
            # When the parent kills the stopped child, it has counted the
            # processes of both.
            t.ok(other.wait_end(), "another is killed for its silence")
            t.ok(c.end is None and c.ping(), "13 of 13 processes may run")


def processes_later():
    """--max-processes also works after a time without free descriptors."""
    if not extended() or not hasattr(resource, "prlimit") or \
            not os.path.exists("/proc/self/stat"):
        return t.skip("--max-processes, later",
                      "needs extensions, prlimit and /proc")
    with Server(DOCROOT, "--max-processes", "12") as s:
        with Client(s.port, timeout=30) as c:
            t.ok(served(c), "a connection")
            soft, hard = resource.prlimit(s.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(s.pid, resource.RLIMIT_NOFILE, (3, hard))
            late = time.monotonic() + 3     # the parent counts every second
            tap.wait_until(lambda: time.monotonic() > late)
            resource.prlimit(s.pid, resource.RLIMIT_NOFILE, (soft, hard))
            c.request("/forks.py")
            t.ok(c.wait_end(8), "no descriptors for a while: the connection "
                 "with 13 processes ends")
            t.ok(s.wait_log(r"limit hit: .*\(--max-processes\)"),
                 "as the limit is hit", s.log()[-2000:])
    return None


def silence():
    """--silence-limit: children that were stopped or that
    exec another program."""
    with Server(DOCROOT, "--silence-limit", "1", "--handshake-timeout",
                "100") as s, \
            Client(s.port) as quiet, Client(s.port) as c:
        shake = socket.create_connection(("127.0.0.1", s.port))
        x = c.open("/held.py", "POST")
        t.ok(c.wait_for(lambda: x.data) and quiet.ping(), "three are quiet")
        for name in "stops", "execs":
            with Client(s.port) as bad:
                bad.request(f"/{name}.py")
                t.ok(bad.wait_end(), f"{name}: the connection ends")
                logged(s, r"warn: child \d+ .* ended: killed: limit hit: no "
                       r"sign of life \(--silence-limit\), .*\bmain in "
                       rf"/{name}\.py on stream 1; ", f"{name}: the log says "
                       "so")
        t.ok(c.ping() and quiet.ping() and served(quiet),
             "those that are quiet are not killed")
        c.send_data(x.sid, b"on", end_stream=True)
        t.ok(c.wait_for(lambda: x.ended), "and go on")
        t.eq(len(s.children()), 3, "nor is one in its handshake")
        shake.close()


def addresses():
    """--max-per-address."""
    with Server(DOCROOT, "--max-per-address", "2") as s:
        with Client(s.port) as a, Client(s.port) as b:
            t.ok(served(a) and served(b), "two of one address")
            t.ok(s.turns_away(), "the third is closed")
            logged(s, r"warn: refused 127\.0\.0\.1: .*\(--max-per-address\)$",
                   "the log says so")
            other = socket.socket()
            other.bind(("127.0.0.2", 0))
            other.connect(("127.0.0.1", s.port))
            t.ok(tap.wait_until(lambda: len(s.children()) == 3),
                 "another address may")
            other.close()
            t.ok(served(a) and served(b), "the two are served")
            a.leave()
            t.ok(s.wait_log(r"child \d+ .* ended: closed by client; "),
                 "one leaves")
            with Client(s.port) as c:
                t.ok(served(c), "and there is room for another")


def rate():
    """--max-per-second: further connections wait in the kernel's
    queue, and are served."""
    with Server(DOCROOT, "--max-per-second", "2") as s:
        began = time.monotonic()
        socks = [socket.create_connection(("127.0.0.1", s.port))
                 for _ in range(6)]
        t.ok(tap.wait_until(lambda: len(s.children()) == 6, 20),
             "all six are accepted")
        # Two in the first second, two in the next: this is a lower bound.
        t.ok(time.monotonic() - began >= 1, "not all at once")
        for sock in socks:
            sock.close()


def children():
    """The values that the options take."""
    for option in ("max-memory", "max-cpu", "max-file-size", "max-files",
                   "max-processes", "silence-limit", "max-requests",
                   "max-lifetime", "max-per-address", "max-per-second"):
        p = subprocess.run([program(), f"--{option}", "-1", DOCROOT],
                           stderr=subprocess.PIPE, check=False)
        t.ok(p.returncode == 64 and p.stderr.startswith(
            f'h2rig: --{option}: "-1": expected '.encode()) and
            b" from 0 to " in p.stderr, f"--{option} takes a number",
            p.stderr)
    with Server(DOCROOT, "--max-memory", "0", "--max-files", "0",
                "--max-processes", "0", "--silence-limit", "0") as s:
        with Client(s.port) as c:
            t.ok(served(c), "no limits at all: it serves")
            c.request("/stops.py")
            pid = s.children()[0]
            t.ok(tap.wait_until(lambda: any("T" in r[1] for r in group(pid))),
                 "nobody ends a child that is stopped")
            os.kill(pid, signal.SIGCONT)
            t.ok(served(c), "it can go on")


if __name__ == "__main__":
    write_scripts(DOCROOT, SCRIPTS)
    try:
        requests()
        lifetime()
        memory()
        share()
        of_the_machine()
        no_memory()
        first_thread()
        processor()
        file_size()
        files()
        processes()
        processes_later()
        silence()
        addresses()
        rate()
        children()
    finally:
        shutil.rmtree(DOCROOT, ignore_errors=True)
    t.done()
