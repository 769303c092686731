#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the process that accepts, forks and reaps: how it stops, what it does
when resources are short, and what it keeps from its children."""
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
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import NOBODY, Server, extended, write_scripts
from tlsclient import start_handshake

t = tap.Tap()
DOCROOT = tempfile.mkdtemp(prefix="h2rig-parent-")

SCRIPTS = {
    "quick": "def main(request, response):\n"
             "    return 'quick'\n",
    "sleep": "import time\n"
             "def main(request, response):\n"
             "    response.write_status_headers()\n"
             "    response.writer.write_data('x')\n"
             "    time.sleep(1000)\n",
    "descriptors":
        "import json, os, stat\n"
        "def main(request, response):\n"
        "    kinds = []\n"
        "    for fd in range(4096):\n"
        "        try:\n"
        "            kinds.append(stat.S_IFMT(os.fstat(fd).st_mode))\n"
        "        except OSError:\n"
        "            pass\n"
        "    return json.dumps({'sockets': kinds.count(stat.S_IFSOCK),\n"
        "                       'files': kinds.count(stat.S_IFREG),\n"
        "                       'stdin': os.read(0, 10).decode()})\n",
    "leftover": "import subprocess\n"
                "def main(request, response):\n"
                "    p = subprocess.Popen(['sleep', '1000'])\n"
                "    return str(p.pid)\n",
    # Returns the signals that are blocked, and those that are ignored: as
    # CPython remembers it, and as it really is.
    "signals": "import ctypes, json, signal\n"
               "libc = ctypes.CDLL(None)\n"
               "libc.signal.restype = ctypes.c_void_p\n"
               "libc.signal.argtypes = ctypes.c_int, ctypes.c_void_p\n"
               "def real(sig):\n"
               "    now = libc.signal(sig, 0)\n"
               "    libc.signal(sig, now)\n"
               "    return now\n"
               "def main(request, response):\n"
               "    every = signal.valid_signals() - {9, 19}\n"
               "    return json.dumps([sorted(signal.pthread_sigmask(\n"
               "        signal.SIG_BLOCK, [])), [s for s in every\n"
               "        if signal.getsignal(s) is signal.SIG_IGN],\n"
               "        [s for s in every if real(s) == 1]])\n",
    "score": "import json, subprocess\n"
             "PATH = '/proc/self/oom_score_adj'\n"
             "def main(request, response):\n"
             "    with open(PATH) as f:\n"
             "        own = f.read()\n"
             "    its = subprocess.run(['cat', PATH], check=True,\n"
             "                         stdout=subprocess.PIPE).stdout\n"
             "    return json.dumps([int(own), int(its)])\n",
    # Each way first sends its process id, or the id of a
    # process that it started.
    "defies": "import os, re, signal, subprocess, time\n"
              "def spins():\n"
              "    while True:\n"
              "        try:\n"
              "            while True:\n"
              "                pass\n"
              "        except BaseException:\n"
              "            pass\n"
              "def keeps_the_gil():\n"
              "    re.match('(a*)*b', 'a' * 60)\n"
              "def forks():\n"
              "    os.wait()\n"
              "def stops():\n"
              "    while True:\n"
              "        os.kill(os.getpid(), signal.SIGSTOP)\n"
              "def becomes():\n"
              "    os.execv('/bin/sh', ['sh', '-c',\n"
              "             'trap \"\" TERM HUP; while :; do sleep 1; done'])\n"
              "def main(request, response):\n"
              "    how = request.GET.first(b'how').decode()\n"
              "    pid = os.getpid()\n"
              "    if how in ('forks', 'leaves'):\n"
              "        pid = os.fork()\n"
              "        if pid == 0:\n"
              "            signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
              "            while True:\n"
              "                time.sleep(1000)\n"
              "    if how == 'leaves':\n"
              "        return str(pid)\n"
              "    response.write_status_headers()\n"
              "    response.writer.write_data(str(pid))\n"
              "    {'sleeps': lambda: time.sleep(1000), 'spins': spins,\n"
              "     'keeps_the_gil': keeps_the_gil, 'forks': forks,\n"
              "     'stops': stops, 'becomes': becomes}[how]()\n",
    "stuck": "import sys, time\n"
             "class Stuck:\n"
             "    def write(self, text):\n"
             "        pass\n"
             "    def flush(self):\n"
             "        time.sleep(1000)\n"
             "def main(request, response):\n"
             "    sys.stdout = Stuck()\n"
             "    return 'stuck'\n",
    "abort": "import os\n"
             "def main(request, response):\n"
             "    os.abort()\n",
}


def served(c):
    """Returns whether the client gets its response."""
    return c.fetch("/quick.py").body == b"quick"


def sleeping(c):
    """Starts a request whose script sleeps.  Waits until it runs."""
    x = c.request("/sleep.py")
    return c.wait_for(lambda: x.data)


def only_child(s):
    """Waits until there is one connection.  Returns its process."""
    return tap.wait_until(lambda: (lambda pids: len(pids) == 1
                                   and pids[0])(s.children()))


def gone(pid):
    """Returns whether a process has ended; it may be another
    process's zombie."""
    stat = subprocess.run(["ps", "-p", str(pid), "-o", "stat="], check=False,
                          stdout=subprocess.PIPE).stdout.strip()
    return not stat or stat.startswith(b"Z")


def zombies(s):
    """Returns dead children that the server has not reaped."""
    listing = subprocess.run(["ps", "-A", "-o", "ppid=", "-o", "stat="],
                             stdout=subprocess.PIPE, check=True).stdout
    rows = [line.split() for line in listing.decode().splitlines()]
    return [r for r in rows if int(r[0]) == s.pid and r[1].startswith("Z")]


# ---- stopping

def stops():
    """TERM and INT: children finish, and the exit status is 0."""
    for sig in (signal.SIGTERM, signal.SIGINT):
        name = signal.Signals(sig).name
        with Server(DOCROOT) as s, Client(s.port) as c:
            t.ok(served(c), f"{name}: client is served")
            s.process.send_signal(sig)
            t.ok(c.wait_end(), f"{name}: its connection ends")
            t.ok(c.goaway and c.goaway[1] == 0, f"{name}: with GOAWAY",
                 c.goaway)
            t.eq(s.stop(0), 0, f"{name}: exit status 0")
            t.ok(re.search(r"info: child \d+ of 127\.0\.0\.1:\d+ ended: "
                           r"drained; ", s.log()), f"{name}: log says so",
                 s.log()[-2000:])
            t.eq(refused(s), True, f"{name}: nobody listens any more")


def refused(s):
    """Returns whether a connection is refused."""
    try:
        socket.create_connection(("127.0.0.1", s.port)).close()
    except ConnectionRefusedError:
        return True
    return False


RUNNING = (r"warn: child \d+ of \S+ ended: killed: {}.*, running main in "
           r"\S*sleep\.py on stream 1;")


def kills():
    """A script does not finish: the grace time passes, or a
    second signal comes."""
    with Server(DOCROOT, "--grace", "1") as s, Client(s.port) as c:
        t.ok(sleeping(c), "a script sleeps")
        t.eq(s.stop(), 0, "grace time over: exit status 0")
        t.ok(s.wait_log(RUNNING.format("not finished")),
             "the log says what ran", s.log()[-2000:])
    with Server(DOCROOT, "--grace", "1000") as s, Client(s.port) as c:
        t.ok(sleeping(c), "a script sleeps, long grace time")
        child = only_child(s)
        s.process.send_signal(signal.SIGTERM)
        t.ok(s.wait_log("info: stopping, 1 child"), "the first signal stops")
        # GOAWAY comes after the child got TERM: so the child still runs.
        t.ok(c.wait_for(lambda: c.goaway), "the child sends GOAWAY")
        t.eq((s.alive(), s.children()), (True, [child]), "and is waited for")
        t.eq(s.stop(), 0, "the second signal: exit status 0")
        t.ok(s.wait_log(RUNNING.format("second signal")),
             "the log says what ran", s.log()[-2000:])
        t.ok(gone(child), "the child is gone")
    with Server(DOCROOT, "--grace", "0") as s, Client(s.port) as c:
        t.ok(sleeping(c), "a script sleeps, no grace time")
        t.eq(s.stop(), 0, "one signal kills it")


def dies():
    """The parent is killed: children notice it by their pipe."""
    with Server(DOCROOT) as s, Client(s.port) as c:
        t.ok(served(c), "client is served")
        child = only_child(s)
        t.eq(s.stop(signal.SIGKILL), -signal.SIGKILL, "parent is killed")
        t.ok(c.wait_end() and c.goaway, "parent killed: GOAWAY, end")
        t.ok(tap.wait_until(lambda: gone(child)), "and the child exits")
    with Server(DOCROOT) as s:
        with socket.create_connection(("127.0.0.1", s.port)):
            t.ok(tap.wait_until(s.children), "a client says nothing")
            child, ticks = only_child(s), [0]
            s.stop(signal.SIGKILL)

            def over():
                with contextlib.suppress(OSError):
                    ticks.append(cpu_ticks(child))
                return gone(child)

            t.ok(tap.wait_until(over), "parent killed: its child exits")
            used = max(ticks) / os.sysconf("SC_CLK_TCK")
            t.ok(used < 0.1, "and has slept until then", used)
    with contextlib.ExitStack() as stack:
        s = stack.enter_context(Server(DOCROOT, "--grace", "2"))
        pids = {}
        for how in ("sleeps", "spins", "keeps_the_gil", "forks", "leaves",
                    "stops", "becomes"):
            c = stack.enter_context(Client(s.port))
            x = c.request("/defies.py?how=" + how)
            t.ok(c.wait_for(lambda w=x: w.data), how)
            pids[how] = [int(x.body)]
        for pid in s.children():
            pids.setdefault("children", []).append(pid)
        tap.wait_until(lambda: stopped(pids["stops"][0]))
        began = time.monotonic()
        s.stop(signal.SIGKILL)
        for how, its in pids.items():
            t.ok(tap.wait_until(lambda w=its: all(map(gone, w))),
                 f"parent killed: what {how} is gone", its)
        for pid in sum(pids.values(), []):
            if not gone(pid):
                os.kill(pid, signal.SIGKILL)
        t.ok(time.monotonic() - began < tap.scaled(30),
             "soon after the grace time", time.monotonic() - began)
        t.ok(tap.wait_until(lambda: not left(s)), "and the guard", left(s))
    with Server(DOCROOT) as s:
        t.ok(left(s), "a server with its guard")
        t.eq(s.stop(), 0, "stops")
        t.ok(tap.wait_until(lambda: not left(s)), "and so does the guard")


def stopped(pid):
    """Returns whether a process is stopped."""
    with contextlib.suppress(OSError), \
            open(f"/proc/{pid}/stat", encoding="latin-1") as f:
        return f.read().rpartition(")")[2].split()[0] == "T"
    return not os.path.exists("/proc/self/stat")


def left(s):
    """Returns processes with the server's command line, except
    the server itself."""
    listing = subprocess.run(["ps", "-A", "-ww", "-o", "pid=", "-o", "args="],
                             stdout=subprocess.PIPE, check=True).stdout
    found = [line.split(None, 1) for line in listing.decode().splitlines()]
    return [pid for pid, args in found
            if args == " ".join(s.argv) and int(pid) != s.pid]


# ---- children

def ends(s):
    """The log describes the end of a child, and nothing of
    the child is left."""
    with Client(s.port) as c:
        t.ok(served(c), "client is served")
        port = c.sock.getsockname()[1]
        pid = only_child(s)
        c.leave()
    line = s.wait_log(rf"info: child {pid} of 127\.0\.0\.1:{port} ended: "
                      r"closed by client; \d+\.\d{3} s, 1 streams, (\d+) "
                      r"octets in, (\d+) out$")
    t.ok(line and int(line.group(1)) > 0 and int(line.group(2)) > 0,
         "client, streams and octets are in the log", s.log()[-2000:])
    with Client(s.port) as c:
        left = int(c.fetch("/leftover.py").body)
        t.ok(not gone(left), "a script leaves a process behind")
    t.ok(tap.wait_until(lambda: gone(left)), "it is killed with its child")
    with Client(s.port) as c:
        pid = only_child(s)
        c.request("/abort.py")
        c.wait_end()
    t.ok(s.wait_log(rf"warn: child {pid} of \S+ ended: killed by SIGABRT, "
                    r"running main in \S*abort\.py on stream 1; "),
         "a crash is a warning", s.log()[-2000:])
    t.ok(s.wait_log(rf"h2rig\[{pid}\] warn: script output: Fatal Python "
                    "error: Aborted$"),
         "the stack has the child's pid", s.log()[-2000:])
    for _ in range(20):
        with Client(s.port) as c:
            c.ping()
    t.ok(tap.wait_until(lambda: not s.children()), "children are gone")
    t.ok(tap.wait_until(lambda: not zombies(s)), "and none stays a zombie")


def crash_stacks(s):
    """The stack of a crash is logged once, with the id of its own child."""
    for i in range(2):
        with Client(s.port) as c:
            crashed = only_child(s)
            c.request("/abort.py")
            c.wait_end()
        t.ok(s.wait_log(rf"h2rig\[{crashed}\] warn: script output: Fatal "
                        "Python error: Aborted$"),
             f"crash {i} is logged")
    with Client(s.port) as c:
        pid = only_child(s)
        t.ok(served(c), "the next child is well")
    t.ok(s.wait_log(rf"child {pid} of \S+ ended"), "and ends")
    stacks = re.findall(r"\[(\d+)\] warn: script output: Fatal Python error",
                        s.log())
    t.eq(len(stacks), len(set(stacks)), "each stack is logged once")
    t.ok(str(pid) not in stacks, "none for the one that was well")


def deadline(s):
    """A child that cannot end is killed at the deadline that it has set."""
    with Client(s.port) as c:
        t.eq(c.fetch("/stuck.py").body, b"stuck", "script spoils sys.stdout")
        pid = only_child(s)
    t.ok(s.wait_log(rf"warn: child {pid} of \S+ ended: killed: past its "
                    "deadline", 30), "the child is killed", s.log()[-2000:])


def inherits(s):
    """The descriptors and signals that a child has and does not have."""
    with Client(s.port) as other, Client(s.port) as c:
        t.ok(served(other) and len(s.children()) == 2, "two clients")
        got = json.loads(c.fetch("/descriptors.py").body)
        t.eq(got["sockets"], 2, "its sockets: the connection, and the line "
             "by which it is asked to make room")
        # One file has the stash's locks; one is the script
        # itself while it runs.
        t.ok(got["files"] <= 2, "no file that is another's", got)
        t.eq(got["stdin"], "", "standard input is empty")
        sees_signals(c, "")
        for pid in s.children():
            t.eq(os.getpgid(pid), pid, "a process group of its own")
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGINT)
        t.ok(served(c) and served(other), "TERM and INT do nothing to it")


def sees_signals(c, where):
    """A script's signals are those of a new process of Python."""
    t.eq(json.loads(c.fetch("/signals.py").body),
         [[], [signal.SIGPIPE, signal.SIGXFSZ],
          [signal.SIGPIPE, signal.SIGXFSZ]],
         where + "no signal is blocked, only PIPE and XFSZ are ignored")


HARSH = """
import os, resource, signal, sys
for s in signal.SIGPIPE, signal.SIGXFSZ:        # which Python ignores
    signal.signal(s, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CPU, (1, resource.RLIM_INFINITY))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),
                                           resource.RLIM_INFINITY))
if sys.argv[2] == "ignored":
    for s in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(s, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
    for t in signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF:
        signal.setitimer(t, 0.02, 0.02)
os.umask(0o777)
os.execv(sys.argv[3], sys.argv[3:])
"""

# Signals by which a sender means to stop or end a process, such as KILL, QUIT
# or TERM, or which report its own fault.
ASKED = {signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL,
         signal.SIGINT, signal.SIGKILL, signal.SIGQUIT, signal.SIGSEGV,
         signal.SIGSTOP, signal.SIGSYS, signal.SIGTERM, signal.SIGTRAP,
         signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}


def inherits_signals():
    """The server is started with running timers, blocked and ignored signals,
    limits and a umask; and it gets unexpected signals."""
    log = os.path.join(DOCROOT, "harsh.log")
    for how in "as they are", "ignored":
        s = Server(DOCROOT, "--log-file", log)
        # Without extensions, the server's shared memory is a file.
        size = "4000" if extended() else "64000000"
        s.argv = [sys.executable, "-c", HARSH, size, how] + s.argv
        with s, Client(s.port) as c:
            t.ok(served(c), f"signals {how}: it starts and serves")
            sees_signals(c, f"signals {how}: scripts: ")
            for sig in sorted(signal.valid_signals() - ASKED):
                os.kill(s.pid, sig)
            with Client(s.port) as other:
                t.ok(served(other), f"signals {how}: all that end a process "
                     "unasked: it serves")
            t.ok(os.stat(log).st_mode & 0o777 == 0o600, "the log's mode",
                 oct(os.stat(log).st_mode))
            t.eq(s.stop(), 0, f"signals {how}: TERM ends it")
        os.unlink(log)


def log_is_full():
    """The log may not grow, or its disk is full: records are held, and the log
    later tells how many are lost."""
    if not extended() or not hasattr(resource, "prlimit"):
        return t.skip("a log that may not grow", "needs extensions, prlimit")
    log = os.path.join(DOCROOT, "full.log")
    s = Server(DOCROOT, "--log-file", log)
    s.argv = [sys.executable, "-c", HARSH, "2000", "as they are"] + s.argv
    with s:
        def again():
            s.process.send_signal(signal.SIGUSR1)   # a record of the parent
            return os.path.getsize(log) == 2000
        t.ok(tap.wait_until(again), "the log is as long as it may be")
        with Client(s.port) as c:
            t.ok(served(c), "no room in the log: served")
        s.process.send_signal(signal.SIGUSR1)
        resource.prlimit(s.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        t.eq(s.stop(), 0, "there is room, and it stops")
    with open(log, encoding="utf-8") as f:
        text = f.read()
    t.ok(re.search(r"^\S+Z h2rig\[\d+\] info: child \d+ of \S+ ended: ", text,
                   re.M), "what was held is in the log", text[-2000:])
    t.ok(all(re.match(r"\S+Z h2rig\[\d+\] ", line)
             for line in text.splitlines()), "in whole lines", text[-2000:])
    os.unlink(log)
    return None


def keeps_no_descriptors(s):
    """The parent has as many open descriptors after connections as before."""
    # The server hides its memory, and so its descriptors, from all but root.
    if not os.access(f"/proc/{s.pid}/fd", os.R_OK):
        return t.skip("descriptors of the parent", "needs /proc, and root")
    with Client(s.port) as c:
        t.ok(served(c), "first client")
    tap.wait_until(lambda: not s.children())
    before = len(os.listdir(f"/proc/{s.pid}/fd"))
    for _ in range(10):
        with Client(s.port) as c:
            c.ping()
        tap.wait_until(lambda: not s.children())
    t.eq(len(os.listdir(f"/proc/{s.pid}/fd")), before,
         "the parent keeps no descriptor of ten connections")


# ---- when something is short

def answered(sock):
    """Returns whether the server answers a handshake that was begun."""
    return bool(sock.recv(1))


def full():
    """--max-children: the next client waits while the others are served.
    room.t tests idle clients."""
    with Server(DOCROOT, "--max-children", "2") as s:
        with Client(s.port) as a, Client(s.port) as b:
            t.ok(sleeping(a) and sleeping(b), "two are served")
            third = start_handshake(s.port)
            t.ok(s.wait_log("warn: all 2 children are busy"), "it is logged")
            t.ok(served(a) and served(b), "they are still served")
            t.eq(len(s.children()), 2, "there is no third child")
            third.setblocking(False)
            try:
                early = third.recv(1)
            except BlockingIOError:
                early = None
            t.eq(early, None, "the third has no answer")
            third.settimeout(tap.scaled(60))
            a.close()
            t.ok(answered(third), "it has when another one leaves")
            third.close()


class Limited(Server):
    """A server, not run by root, whose limits the test
    changes while it runs."""

    def __init__(self, *options):
        super().__init__(DOCROOT, *options)
        if os.getuid() == 0:
            self.argv = [sys.executable, "-c", "import os, sys\n"
                         "os.setgid(int(sys.argv[1]))\n"
                         "os.setuid(int(sys.argv[1]))\n"
                         "os.execv(sys.argv[2], sys.argv[2:])\n",
                         str(NOBODY)] + self.argv

    def limit(self, what, value=None):
        """Sets a soft limit of the server to value, or back to the hard limit.
        Only the same user may do so."""
        user = {"user": NOBODY, "group": NOBODY} if os.getuid() == 0 else {}
        subprocess.run(
            [sys.executable, "-c", "import resource, sys\n"
             "pid, what, value = map(int, sys.argv[1:])\n"
             "hard = resource.prlimit(pid, what)[1]\n"
             "resource.prlimit(pid, what,\n"
             "                 (hard if value == -1 else value, hard))\n",
             str(self.pid), str(what), str(-1 if value is None else value)],
            check=True, **user)


def cpu_ticks(pid):
    """Returns the processor time that a process has used, in clock ticks."""
    with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
        fields = f.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def short_of(s, what, value, complaint):
    """Under a limit a client waits and is then served, and the
    parent does not spin."""
    s.limit(what, value)
    sock = start_handshake(s.port)
    t.ok(s.wait_log(complaint), "it is logged: " + complaint,
         s.log()[-2000:])
    # A parent that spins would use a large part of the time that passes.
    began, ticks = time.monotonic(), cpu_ticks(s.pid)
    tap.wait_until(lambda: time.monotonic() > began + 1)
    used = (cpu_ticks(s.pid) - ticks) / os.sysconf("SC_CLK_TCK")
    t.ok(used < 0.1 * (time.monotonic() - began), "and waited out, not spun",
         f"{used} s of CPU time")
    t.ok(s.alive(), "the server lives")
    t.eq(len(re.findall(complaint, s.log())), 1, "it is logged once")
    s.limit(what)
    t.ok(answered(sock), "the connection was kept and is served")
    sock.close()
    t.ok(s.wait_log("info: accepting again"), "the end is logged too")
    with Client(s.port) as c:
        t.ok(served(c), "and the next one is served")


def shortages():
    """Too few descriptors for accept, or too few processes for fork."""
    if not hasattr(resource, "prlimit") or not os.path.isdir("/proc/self/fd"):
        return t.skip("shortages", "needs prlimit and /proc")
    try:
        with Limited() as s:
            # Before it accepts, the parent uses some descriptors for a while.
            with Client(s.port) as c:
                t.ok(served(c), "a connection before")
            tap.wait_until(lambda: not s.children())
            used = set(map(int, os.listdir(f"/proc/{s.pid}/fd")))
            lowest = min(set(range(len(used) + 1)) - used)
            short_of(s, resource.RLIMIT_NOFILE, lowest,
                     "cannot accept, waiting: Too many open files")
            short_of(s, resource.RLIMIT_NOFILE, lowest + 2,
                     "cannot fork, waiting: Too many open files")
    except RuntimeError as e:
        return t.skip("shortages", "another user cannot run the program: "
                      + str(e).splitlines()[0])
    with Limited() as s:
        short_of(s, resource.RLIMIT_NPROC, 0,
                 "cannot fork, waiting: Resource temporarily unavailable")
    few_descriptors()
    return None


def first_to_be_killed():
    """If memory runs out, the kernel prefers to kill children and their
    processes, even if the server is not run by root and hides its memory."""
    if not extended() or not os.path.exists("/proc/self/oom_score_adj"):
        return t.skip("the out-of-memory killer's choice", "there is none, or "
                      "h2rig is built without extensions")

    def score(pid):
        with open(f"/proc/{pid}/oom_score_adj", encoding="ascii") as f:
            return int(f.read())

    for s in Server(DOCROOT, "--spare", "1"), Limited():
        with s, Client(s.port) as c:
            t.eq(json.loads(c.fetch("/score.py").body), [1000, 1000],
                 "oom_score_adj of a child, and of what its script starts")
            t.eq(score(s.pid), score("self"), "the server's is as it was")
    return None


def few_descriptors():
    """A few free descriptors are enough: the connection's, the child's output,
    the child's line, and those that are always kept free."""
    with Limited("--max-children", "1") as s:
        used = {int(fd) for fd in os.listdir(f"/proc/{s.pid}/fd")}
        free = sorted(set(range(200)) - used)
        s.limit(resource.RLIMIT_NOFILE, free[8] + 17)
        for i in range(2):
            with Client(s.port) as c:
                t.ok(c.ping(), f"few descriptors left: connection {i}")
        with Client(s.port) as c, Client(s.port) as other:
            t.ok(other.ping() and c.wait_end() and c.goaway,
                 "a child is asked to make room all the same")


try:
    write_scripts(DOCROOT, SCRIPTS)
    stops()
    kills()
    dies()
    with Server(DOCROOT) as server:
        inherits(server)
        ends(server)
        crash_stacks(server)
        keeps_no_descriptors(server)
        deadline(server)
    inherits_signals()
    log_is_full()
    full()
    shortages()
    first_to_be_killed()
finally:
    shutil.rmtree(DOCROOT, ignore_errors=True)
t.done()
