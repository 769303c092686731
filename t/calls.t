#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the run-time limit and the record of which script's code runs.  Both
also cover code outside of functions and affect no other script, and no process
that a script forks there goes on as the server."""
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import sanitized, Server, write_scripts             # noqa: E402

t = tap.Tap()
DOCROOT = tempfile.mkdtemp(prefix="h2rig-calls-")

SCRIPTS = {
    "quick": """
def main(request, response):
    return 'quick'
""",
    "starts": """
import threading
def main(request, response):
    while True:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
""",
    "finalizers": """
class Slow:
    def __del__(self):
        while True:
            pass
def main(request, response):
    slow = [Slow() for _ in range(20)]
    del slow
    while True:
        pass
""",
    # Starts processes, and ends them in the way that ?how= says.
    "processes": """
import concurrent.futures, json, multiprocessing, os, signal, subprocess
import sys, time
context = multiprocessing.get_context('fork')
SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGINT]
def terminated():
    ended = []
    for _ in range(20):
        process = context.Process(target=time.sleep, args=(1000,))
        process.start()
        process.terminate()
        process.join(20)
        ended.append(process.exitcode)
    return ended
def killed():
    ended = []
    for number in SIGNALS * 5:
        pid = os.fork()
        if pid == 0:
            for i in range(1000):       # a signal may come just before
                time.sleep(1)
        os.kill(pid, number)
        status = os.waitpid(pid, 0)[1]
        # 256 is a KeyboardInterrupt: it came when Python could raise it.
        ended.append(2 if (number, status) == (2, 256) else status)
    return ended
def interrupted():
    # As soon as Python runs with its own handler for INT, and INT comes through.
    parent = os.getpid()
    def interrupt(frame, event, arg):
        if os.getpid() != parent and signal.getsignal(
                signal.SIGINT) is signal.default_int_handler and (
                signal.SIGINT not in signal.pthread_sigmask(
                    signal.SIG_BLOCK, ())):
            sys.setprofile(None)
            os.kill(os.getpid(), signal.SIGINT)
    sys.setprofile(interrupt)
    try:
        pid = os.fork()
    except KeyboardInterrupt:
        os._exit(8)
    sys.setprofile(None)
    if pid == 0:
        os._exit(9)
    return os.waitpid(pid, 0)[1]
def pools():
    results = []
    with context.Pool(2) as pool:           # its end is terminate()
        results.append(pool.map(abs, range(-3, 0)))
        pool.map_async(time.sleep, [1000] * 4)
    pool = context.Pool(2)
    results.append(pool.map(abs, range(-3, 0)))
    pool.close()
    pool.join()
    with concurrent.futures.ProcessPoolExecutor(2, context) as executor:
        results.append(list(executor.map(abs, range(-3, 0))))
    return results
def forked():
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        handlers = [signal.getsignal(number) for number in SIGNALS + [
            signal.SIGPIPE, signal.SIGXFSZ]]
        os.write(write, json.dumps([
            [getattr(h, 'name', None) or h.__name__ for h in handlers],
            len(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
            signal.set_wakeup_fd(-1)]).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with open(read) as f:
        return json.load(f)
def executed():
    return [subprocess.run(['sh', '-c', 'kill -%d $$' % number]).returncode
            for number in SIGNALS + [signal.SIGPIPE, signal.SIGXFSZ]]
def kept():
    # A process's own handler holds in what that forks.
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, lambda *args: os._exit(7))
        read, write = os.pipe()
        grandchild = os.fork()
        if grandchild == 0:
            os.write(write, b'x')
            for i in range(1000):       # a signal may come just before
                time.sleep(1)
        os.read(read, 1)
        os.kill(grandchild, signal.SIGTERM)
        os._exit(os.WEXITSTATUS(os.waitpid(grandchild, 0)[1]))
    return os.WEXITSTATUS(os.waitpid(pid, 0)[1])
def main(request, response):
    return json.dumps(globals()[request.GET.first(b'how').decode()]())
""",
    "large": """
def main(request, response):
    return 'x' * 200000
""",
    "loop": """
def main(request, response):
    while True:
        pass
""",
    "stuck": """
import re, threading
def waits():
    lock = threading.Lock()
    with lock:
        lock.acquire()
def computes():
    re.match('(a+)+$', 'a' * 60 + 'b')
def main(request, response):
    globals()[request.GET.first(b'how').decode()]()
""",
    "pid": """
import os
def main(request, response):
    with open(os.path.join(os.path.dirname(__file__), 'pids'), 'a') as f:
        f.write('%d\\n' % os.getpid())
    return 'noted'
""",
    # Does ?do= at the place ?at=, which is outside of the functions main and
    # handle_*.
    "outside": """
import os
def loop():
    while True:
        pass
def fork():
    os.fork()
def main(request, response):
    do = {'loop': loop, 'fork': fork}[request.GET.first(b'do').decode()]
    class Thing:
        def act(self, *args):
            do()
            return b'ab'
    class Error(Exception):
        def __str__(self):
            do()
            return 'an error'
    class Headers(Thing):
        __iter__ = lambda self: iter([tuple(self.act())])
    class Shown(Thing):
        __repr__ = lambda self: self.act().decode()
    class Text(str, Thing):
        encode = lower = Thing.act
    class Status(int, Thing):
        __lt__ = __le__ = __gt__ = __ge__ = __int__ = Thing.act
    class File(Thing):
        read = lambda self, size=-1: self.act()[:0]
    class Attribute(Thing):
        read = property(Thing.act)
    class Final(Thing):
        __del__ = Thing.act
    def closed():
        try:
            yield 'a'
            yield {}
        finally:
            do()
    def called():
        do()
        return 'x'
    at = request.GET.first(b'at').decode()
    if at == 'exception':
        raise Error()
    if at == 'finalizer':
        request.kept = Final()
    return {'headers': (Headers(), 'x'), 'shown': ([], {Shown(): 1}),
            'content': Text('x'), 'name': ([(Text('x'), 'y')], 'z'),
            'value': ([('x', Text('y'))], 'z'),
            'status': (Status(200), [], 'z'), 'file': File(),
            'attribute': Attribute(), 'closed': closed(),
            'called': [called]}.get(at, 'nothing')
""",
}

PLACES = ("exception", "headers", "shown", "content", "name", "value",
          "status", "file", "attribute", "closed", "called")

ROUTES = """
import os
class Handler:
    def __init__(self, do):
        self.do = do
    @property
    def frame_handler(self):
        self.do()
        raise AttributeError
    def __call__(self, request, response):
        return 'routed'
def loop():
    while True:
        pass
routes = [('GET', '/route/loop', Handler(loop)),
          ('GET', '/route/fork', Handler(os.fork))]
"""


def write_files():
    """Writes the document root of this file's tests."""
    write_scripts(DOCROOT, SCRIPTS)
    with open(os.path.join(DOCROOT, "routes.txt"), "w",
              encoding="utf-8") as f:
        f.write(ROUTES)


def logged(s, regex, name):
    """Tests that a line of the log matches."""
    return t.ok(s.wait_log(regex), name, s.log()[-3000:])


INTERNAL_ERROR = 2


def starting_threads():
    """HandlerTimeout reaches the function, not a thread that it starts."""
    wrong = []

    def client(port):
        with Client(port, timeout=60) as c:
            x, y = c.request("/starts.py"), c.request("/starts.py")
            c.wait_for(lambda: x.done and y.done or c.end)
            # The code that makes the error response also has one second, which
            # may not be enough with so many threads: then the stream is reset.
            if c.end or not all(z.status == 500 or z.reset == INTERNAL_ERROR
                                for z in (x, y)) or c.fetch(
                                    "/quick.py").body != b"quick":
                wrong.append((x, y, c.goaway))

    with Server(DOCROOT, "--run-limit", "1") as s:
        for _ in range(3):
            clients = [threading.Thread(target=client, args=(s.port,))
                       for _ in range(4)]
            for thread in clients:
                thread.start()
            for thread in clients:
                thread.join()
        t.eq(wrong, [], "12 connections with two functions that start threads:"
             " each of them gets HandlerTimeout, and its connection goes on")
        t.ok("did not heed" not in s.log(), "and all heed it")


def swallowed():
    """HandlerTimeout is raised again if a finalizer swallows it."""
    with Server(DOCROOT, "--run-limit", "1") as s:
        with Client(s.port, timeout=30) as c:
            x = c.fetch("/finalizers.py")
            t.ok(x.status == 500 and b"HandlerTimeout" in x.body,
                 "20 finalizers that loop: then the function ends", x)
            logged(s, "Exception ignored in: <function Slow.__del__",
                   "the log names the finalizers")
            t.eq(c.fetch("/quick.py").body, b"quick",
                 "the connection goes on")


def stuck():
    """If code does not heed HandlerTimeout, the log shows its stack."""
    with Server(DOCROOT, "--run-limit", "1") as s:
        for how, line in ("waits", 6), ("computes", 8):
            with Client(s.port, timeout=30) as c:
                c.request("/stuck.py?how=" + how)
                t.ok(c.wait_end(), f"it {how}: the connection ends")
                logged(s, r"warn: child \d+ of \S+ ended: limit hit: main in "
                       r"/stuck\.py on stream 1 ran for more than 1 s and did "
                       "not heed HandlerTimeout", f"it {how}: the log says so")
                logged(s, rf'warn: script output:   File ".*/stuck\.py", line '
                       rf"{line} in {how}$", f"it {how}: and where it stands")


def slow_clients():
    """Sending what a function returned has no time limit: a
    client may be slow."""
    with open(os.path.join(DOCROOT, "large.txt"), "wb") as f:
        f.write(b"x" * 200000)
    with Server(DOCROOT, "--run-limit", "1") as s:
        with Client(s.port, timeout=30, auto_window=False) as c:
            c.window_update(0, 1000000)
            large = [c.request("/large." + name) for name in ("py", "txt")]
            t.ok(c.wait_for(lambda: all(len(x.body) == 65535 for x in large)),
                 "two answers wait for the client", large)
            for _ in range(2):
                x = c.fetch("/loop.py")
                t.eq(x.status, 500, "meanwhile a function passes its limit")
            for x in large:
                c.window_update(x.sid, 1000000)
            t.ok(c.wait_for(lambda: all(x.done for x in large)) and all(
                x.ended and len(x.body) == 200000 for x in large),
                 "the answers come whole", large)


def shows(s, names):
    """Asks for one line per child.  Returns whether the last line
    names all of these."""
    s.process.send_signal(signal.SIGUSR1)
    lines = re.findall(r"info: child \d+ of \S+: running, .*", s.log())
    return lines and all(re.search("running " + n, lines[-1]) for n in names)


def limited():
    """Code outside of functions has a time limit, and a record names it."""
    with Server(DOCROOT, "--run-limit", f"{tap.scaled(4):.0f}", "--routes",
                os.path.join(DOCROOT, "routes.txt")) as s:
        with Client(s.port, timeout=60) as c:
            exchanges = {at: c.request(f"/outside.py?do=loop&at={at}")
                         for at in PLACES}
            exchanges["route"] = c.request("/route/loop")
            final = c.request("/outside.py?do=loop&at=finalizer")
            t.eq(c.fetch("/quick.py").body, b"quick",
                 "all of them loop: another is served")
            names = (r"end of main in /outside\.py on stream 1",
                     r"content of main in /outside\.py on stream 21",
                     r"(\(load\)|end of \(routes\)) in /route/loop on stream "
                     "23", r"end of main in /outside\.py on stream 25")
            t.ok(tap.wait_until(lambda: shows(s, names), 40), "USR1 names "
                 "script, stream, and the function that was the last",
                 s.log()[-2000:])
            for at, x in exchanges.items():
                t.ok(c.wait_for(lambda x=x: x.done), f"{at}: ended by the "
                     "limit", x)
            t.eq(final.body, b"nothing", "a finalizer: after the answer")
            logged(s, r"script output: Exception ignored in: <function .*"
                   "Thing.act", "the log names it")
            t.ok(c.end is None and c.fetch("/quick.py").body == b"quick",
                 "the connection goes on", c.goaway)
        t.ok(tap.wait_until(lambda: not s.children()), "its process ends")
        t.ok("did not heed" not in s.log(), "all have heeded HandlerTimeout")


def pids():
    """Returns the process ids that pid.py has noted."""
    with open(os.path.join(DOCROOT, "pids"), encoding="ascii") as f:
        return f.read().split()


def forked():
    """A process that is forked outside of functions serves
    nothing, and ends."""
    if sanitized():     # fork leaves the locks of its allocator as they are
        t.skip("forked", "AddressSanitizer cannot fork beside other threads")
        return
    with Server(DOCROOT, "--routes", os.path.join(DOCROOT, "routes.txt")) as s:
        for at in PLACES + ("finalizer", "route"):
            path = f"/outside.py?do=fork&at={at}"
            with open(os.path.join(DOCROOT, "pids"), "w", encoding="ascii"):
                pass
            with Client(s.port, timeout=30) as c:
                octets = []
                c.send = octets.append
                x = c.request("/route/fork" if at == "route" else path)
                others = [c.request("/pid.py") for _ in range(5)]
                del c.send
                c.send(b"".join(octets))
                t.ok(c.wait_for(lambda x=x: x.done and all(
                    y.body == b"noted" for y in others)),
                     f"{at}: all are answered", (x, others))
                # The process of the connection before may be ending.
                tap.wait_until(lambda: len(s.children()) == 1)
                mine = str(s.children()[0])
                t.eq(pids(), [mine] * 5, f"{at}: by one process")
                t.ok(tap.wait_until(lambda: not running(mine)), f"{at}: the "
                     "forked one leaves", running(mine))


def running(group):
    """Returns the processes of a group without its leader
    and without zombies."""
    found = []
    for name in os.listdir("/proc") if os.path.exists("/proc/self/stat") \
            else ():
        try:
            with open(f"/proc/{name}/stat", encoding="ascii",
                      errors="replace") as f:
                state, _, pgrp = f.read().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if pgrp == group and name != group and state != "Z":
            found.append(name)
    return found


def processes():
    """A process that a script forks or starts has the signal handling
    of a new process."""
    numbers = [int(getattr(signal, "SIG" + name)) for name in
               ("TERM", "HUP", "USR1", "INT", "PIPE", "XFSZ")]
    with Server(DOCROOT) as s:
        for how, want in (
                ("terminated", [-numbers[0]] * 20),
                ("killed", numbers[:4] * 5),
                ("interrupted", 8 << 8),
                ("pools", [[3, 2, 1]] * 3),
                ("forked", [["SIG_DFL"] * 3 + ["default_int_handler"]
                            + ["SIG_IGN"] * 2, 0, -1]),
                ("executed", [-number for number in numbers]),
                ("kept", 7)):
            with Client(s.port, timeout=60) as c:
                x = c.fetch("/processes.py?how=" + how)
                t.eq((x.status, x.body), (200, json.dumps(want).encode()),
                     f"processes of a script, {how}")
                t.eq(c.fetch("/quick.py").body, b"quick",
                     f"{how}: the connection goes on")


if __name__ == "__main__":
    write_files()
    try:
        starting_threads()
        swallowed()
        slow_clients()
        stuck()
        limited()
        forked()
        processes()
    finally:
        shutil.rmtree(DOCROOT, ignore_errors=True)
    t.done()
